// Opens streams of changes, and measures: node bench/clients.ts <how many>
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { Agent, get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { Held } from "./clients/server.ts";

const rounds = 50;
const count = Number(process.argv[2]);
const folder = await mkdtemp(join(tmpdir(), "shelflife-clients-"));
const server = fork("bench/clients/server.ts", [folder, String(count)], { execArgv: ["--expose-gc"] });
process.on("exit", () => server.kill());

/** What the server says next. */
async function said<Said>(): Promise<Said> {
  const [message] = (await once(server, "message")) as [Said];
  return message;
}

async function use(): Promise<Held> {
  server.send("use");
  return (await said<{ use: Held }>()).use;
}

const { url } = await said<{ url: string }>();
const agent = new Agent({ maxSockets: Infinity });
// How many have yet to hear of the change under way, and what to do when none has.
let missing = 0;
let reached = (): void => {};

/** Follows the changes, and resolves when it does. */
function follow(): Promise<void> {
  return new Promise((resolve, reject) => {
    get(`${url}/changes`, { agent }, (response) => {
      if (response.statusCode !== 200) return reject(new Error(`Expected a stream, got ${response.statusCode}`));
      response.setEncoding("utf8").on("data", (text: string) => {
        missing -= text.split('"key":"news"').length - 1;
        if (missing === 0) reached();
      });
      resolve();
    }).on("error", reject);
  });
}

async function change(): Promise<number> {
  missing = count;
  const all = new Promise<void>((resolve) => (reached = resolve));
  const start = performance.now();
  await fetch(`${url}/entry?key=news`, { method: "PUT", body: "x" });
  await all;
  return performance.now() - start;
}

const [first] = [follow(), follow()];
await first;
const before = await use();
for (let opened = 2; opened < count; opened += 50)
  await Promise.all(Array.from({ length: Math.min(50, count - opened) }, follow));
const after = await use();
for (let round = 0; round < 5; round++) await change();
const times: number[] = [];
for (let round = 0; round < rounds; round++) times.push(await change());
times.sort((one, other) => one - other);
const share = (name: keyof Held): string => `${((after[name] - before[name]) / (count - 2) / 1000).toFixed(1)} kB`;
const at = (part: number): string => `${times[Math.floor(part * (rounds - 1))]!.toFixed(1)} ms`;
process.stdout.write(
  `${count} clients, each with a stream of one handler of a SQLite file with a history, on Node ${process.version}
memory of the server for each: ${share("heap")} on the heap, ${share("resident")} resident
a change has reached all of them after ${at(0.5)} (median of ${rounds}), ${at(0)} to ${at(1)}
`,
);
server.disconnect();
await rm(folder, { recursive: true, force: true });
process.exit();
