// Runs the clients of a soak: node --expose-gc bench/soak.ts <seconds>. Its verdict is written to bench/results/soak.json.
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir, type } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { live, pause } from "./soak/client.ts";
import { createGate } from "./soak/gate.ts";
import { findKeptHandles, findLeaks, type Sample } from "./soak/leaks.ts";
import { createTimes } from "./soak/times.ts";
import { measureUse, type Use } from "./soak/use.ts";

const seconds = Number(process.argv[2]);
const clients = 200;
// How long a client rests between two calls, at most: ms. Two cores bear it with room left.
const rest = 500;
// How often it is measured what is held.
const samples = 12;

const faults: string[] = [];
const fault = (what: string): void => void faults.push(what);
process.on("unhandledRejection", (error) => fault(`Unhandled: ${String(error)}`));
const until = Date.now() + seconds * 1000;

const folder = mkdtempSync(join(tmpdir(), "shelflife-soak-"));
const child = fork(new URL("soak/server.ts", import.meta.url), [folder], { execArgv: [...process.execArgv] });
child.once("exit", (code) => {
  if (code) fault(`Server ended with ${code}`);
});
const [{ url }] = (await once(child, "message")) as [{ url: string }];

async function sample(): Promise<Sample & { faults: string[] }> {
  child.send("measure");
  const [{ use, faults }] = (await once(child, "message")) as [{ use: Use; faults: string[] }];
  return { second: Math.round(seconds - (until - Date.now()) / 1000), here: await measureUse(), there: use, faults };
}

const say = (line: string): unknown => process.stdout.write(`${line}\n`);
const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

function show({ second, here, there }: Sample): void {
  const held = ({ heap, handles }: Use): string => `${mebibytes(heap)}, ${handles} handles`;
  say(`${String(second).padStart(5)} s   server ${held(there)}   clients ${held(here)}`);
}

// Closed while it is measured what is held.
const gate = createGate();
const times = createTimes();
const idle = await sample();
show(idle);
const surroundings = { url, rest, until, gate, times, fault };
const lives = Promise.all(Array.from({ length: clients }, (_, at) => live(`c${at}`, surroundings)));
const taken: Sample[] = [];
for (let count = 1; count <= samples; count++) {
  await pause(Math.max(0, until - (seconds * 1000 * (samples - count + 0.5)) / samples - Date.now()));
  await gate.close();
  taken.push(await sample());
  gate.open();
  show(taken.at(-1)!);
}
await lives;
// Connections are kept for a while by both sides.
await pause(8000);
const end = await sample();
show(end);
faults.push(...end.faults, ...findLeaks(taken), ...findKeptHandles(idle, end));
child.disconnect();
await once(child, "exit");
rmSync(folder, { recursive: true, force: true });

const works = times.summary();
for (const { name, count, p50, p99, max } of works)
  say(`${name.padEnd(12)} ${String(count).padStart(8)} calls   p50 ${p50} ms   p99 ${p99} ms   max ${max} ms`);
// On a machine that others keep busy it waits for them: then this is far from the time that has passed.
say(`processor: server ${end.there.cpu / 1000} s, clients ${end.here.cpu / 1000} s`);
const calls = works.reduce((sum, { count }) => sum + count, 0);
for (const fault of faults.slice(0, 20)) say(`fault: ${fault}`);
const result = {
  date: new Date().toISOString(),
  command: `npm run soak -- ${seconds}`,
  machine: `${cpus().length} × ${cpus()[0]?.model ?? "unknown processor"}, ${type()}`,
  runtime: `Node ${process.versions.node}`,
  seconds,
  clients,
  calls,
  faults,
  works,
  samples: [idle, ...taken, end].map(({ second, here, there }) => ({ second, here, there })),
};
writeFileSync(new URL("results/soak.json", import.meta.url), `${JSON.stringify(result, null, 2)}\n`);
say(
  `${faults.length ? "FAILED" : "ok"}: ${calls} calls of ${clients} clients in ${seconds} s, ${faults.length} faults`,
);
process.exitCode = faults.length ? 1 : 0;
