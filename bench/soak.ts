// The clients of a soak, and its verdict: node --expose-gc bench/soak.ts <seconds>. Written to bench/results/soak.json.
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir, type } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { remote } from "../src/http/remote.ts";
import type { Change, Store } from "../src/core/contract.ts";
import { measureUse, type Use } from "./use.ts";

const seconds = Number(process.argv[2]);
const clients = 200;
// How long a client rests between two calls, at most: ms. Two cores bear it with room left.
const rest = 500;
// How often it is measured what is held.
const samples = 12;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const upTo = (count: number): number => Math.floor(Math.random() * count);
const faults: string[] = [];
process.on("unhandledRejection", (error) => void faults.push(`Unhandled: ${String(error)}`));

/** How long the calls of a name took, in steps of 5 %: what is kept does not grow. */
class Times {
  readonly #steps = new Uint32Array(400);
  count = 0;
  max = 0;

  add(ms: number): void {
    this.#steps[Math.max(0, Math.min(399, Math.ceil(Math.log(ms * 100) / Math.log(1.05))))]!++;
    this.count++;
    this.max = Math.max(this.max, ms);
  }

  /** Returns what a part of them took at most: ms. */
  quantile(part: number): number {
    let left = this.count * part;
    const step = this.#steps.findIndex((count) => (left -= count) <= 0);
    return Math.min(this.max, 1.05 ** step / 100);
  }
}

const times: Record<string, Times> = {};

async function timed<T>(name: string, call: () => Promise<T>): Promise<T> {
  const since = performance.now();
  const result = await call();
  (times[name] ??= new Times()).add(performance.now() - since);
  return result;
}

/** While it is measured what is held, nobody asks for anything. */
let gate: Promise<void> | undefined;
let working = 0;
const until = Date.now() + seconds * 1000;

/** One client: a page that watches its own keys, counts, and reads and writes what soon expires. */
async function live(url: string, name: string): Promise<void> {
  const store = remote({ url, headers: { "x-client": name } });
  const before = `${name}/`;
  let counted = 0;
  let told = 0;

  async function listen(watch: AsyncIterable<Change>): Promise<void> {
    for await (const { key } of watch) if (key === `${before}n`) told++;
  }

  /** Waits until the stream has told of every step of the counter, and of none twice. */
  async function settle(): Promise<void> {
    for (let tries = 0; told < counted && tries < 1000; tries++) await pause(10);
    if (told !== counted) faults.push(`${name}: ${told} changes told of ${counted}`);
    told = counted;
  }

  const value = (): Uint8Array => new Uint8Array(upTo(2000)).fill(upTo(256));
  const ttl = (): number => 1000 + upTo(5000);
  const key = (): string => `${before}${upTo(20)}`;
  const calls: Record<string, (store: Store) => Promise<unknown>> = {
    find: () => store.find(key()),
    set: () => store.set(key(), value(), { ttl: ttl() }),
    has: () => store.has(key()),
    increment: async () => {
      const count = await store.increment(`${before}n`);
      if (count !== ++counted) faults.push(`${name}: counted ${count}, expected ${counted}`);
    },
    take: () => store.take(key()),
    touch: () => store.touch(key(), { ttl: ttl() }),
    update: () => store.update(key(), (old) => old?.slice(0, 100) ?? value(), { ttl: ttl() }),
    setIfAbsent: () => store.setIfAbsent(key(), value(), { ttl: ttl() }),
    findMany: () => store.findMany(Array.from({ length: 10 }, key)),
    setMany: () => store.setMany(Array.from({ length: 10 }, () => [key(), value(), { ttl: ttl() }] as const)),
    deleteMany: () => store.deleteMany([key(), key()]),
    list: () => store.list({ prefix: before, limit: 10 }),
  };
  const names = Object.keys(calls);

  try {
    while (Date.now() < until) {
      const controller = new AbortController();
      const ended = listen(store.watch({ prefix: before, signal: controller.signal })).catch((error: unknown) => {
        if (!controller.signal.aborted) faults.push(`${name}: watch: ${String(error)}`);
      });
      // A page lives for a while, and then another one comes.
      for (const end = Date.now() + 5000 + upTo(20_000); Date.now() < Math.min(end, until);) {
        await pause(upTo(rest));
        await gate;
        const call = names[upTo(names.length)]!;
        working++;
        await timed(call, () => calls[call]!(store))
          .catch((error: unknown) => faults.push(`${name}: ${call}: ${String(error)}`))
          .finally(() => working--);
      }
      await settle();
      controller.abort();
      await ended;
    }
  } finally {
    await store.close();
  }
}

interface Sample {
  readonly second: number;
  readonly here: Use;
  readonly there: Use;
}

/** The middle one of what a quarter of the samples say. */
function middle(part: readonly Sample[], read: (sample: Sample) => number): number {
  return part.map(read).sort((a, b) => a - b)[part.length >> 1]!;
}

/** Says what grew between the second quarter and the last: the first is when caches fill. */
function findLeaks(taken: readonly Sample[]): string[] {
  const quarter = taken.length >> 2;
  const [early, late] = [taken.slice(quarter, 2 * quarter), taken.slice(-quarter)];
  return (["here", "there"] as const).flatMap((side) =>
    (["heap", "handles"] as const).flatMap((what) => {
      const [from, to] = [early, late].map((part) => middle(part, (sample) => sample[side][what])) as [number, number];
      const limit = from * 1.15 + (what === "heap" ? 4 << 20 : 40);
      const where = side === "here" ? "the clients" : "the server";
      return to > limit ? [`${what} of ${where} grew from ${from} to ${to}`] : [];
    }),
  );
}

const folder = mkdtempSync(join(tmpdir(), "shelflife-soak-"));
const child = fork(new URL("soakServer.ts", import.meta.url), [folder], { execArgv: [...process.execArgv] });
child.once("exit", (code) => {
  if (code) faults.push(`Server ended with ${code}`);
});
const [{ url }] = (await once(child, "message")) as [{ url: string }];

async function sample(): Promise<Sample & { faults: string[] }> {
  child.send("measure");
  const [{ use, faults }] = (await once(child, "message")) as [{ use: Use; faults: string[] }];
  return { second: Math.round(seconds - (until - Date.now()) / 1000), here: await measureUse(), there: use, faults };
}

const say = (line: string): unknown => process.stdout.write(`${line}\n`);
const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

function tell({ second, here, there }: Sample): void {
  const show = ({ heap, handles }: Use): string => `${mebibytes(heap)}, ${handles} handles`;
  say(`${String(second).padStart(5)} s   server ${show(there)}   clients ${show(here)}`);
}

const idle = await sample();
tell(idle);
const lives = Promise.all(Array.from({ length: clients }, (_, at) => live(url, `c${at}`)));
const taken: Sample[] = [];
for (let count = 1; count <= samples; count++) {
  await pause(Math.max(0, until - (seconds * 1000 * (samples - count + 0.5)) / samples - Date.now()));
  let open!: () => void;
  gate = new Promise((resolve) => (open = resolve));
  while (working) await pause(5);
  taken.push(await sample());
  gate = undefined;
  open();
  tell(taken.at(-1)!);
}
await lives;
// Connections are kept for a while by both sides.
await pause(8000);
const end = await sample();
tell(end);
faults.push(...end.faults, ...findLeaks(taken));
for (const [who, before, after] of [["Server", idle.there, end.there], ["Clients", idle.here, end.here]] as const) {
  if (after.handles > before.handles + 10)
    faults.push(`${who} kept ${after.handles - before.handles} handles after the last client`);
} // prettier-ignore
child.disconnect();
await once(child, "exit");
rmSync(folder, { recursive: true, force: true });

const works = Object.entries(times)
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([name, all]) => {
    const [p50, p99, max] = [all.quantile(0.5), all.quantile(0.99), all.max].map((ms) => Number(ms.toFixed(2)));
    return { name, count: all.count, p50, p99, max };
  });
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
