import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memory } from "../../src/backends/memory.ts";
import { sqlite } from "../../src/backends/sqlite.ts";
import type { Store } from "../../src/core/contract.ts";
import type { Bench, Suite } from "../bench.ts";
import { ours } from "../peer.ts";
import { median } from "../rows.ts";
import { randomOf } from "../random.ts";
import { isValueOf, valueOf } from "../values.ts";
import { bare } from "./sqlite.ts";

/** What is measured at several sizes. */
interface Kind {
  readonly name: string;
  /** What its rows are called. @default ours */
  readonly row?: string;
  open(size: number): Sized | Promise<Sized>;
}

interface Sized {
  set(key: string, value: Uint8Array): unknown;
  get(key: string): unknown;
  readonly store?: Store;
  /** Lets time pass: ms. */
  advance?(by: number): void;
  close(): unknown;
}

const sizes = [1000, 10_000, 100_000, 1_000_000];
const keyOf = (index: number): string => `user:${index}:profile`;

async function fill(store: Store, size: number): Promise<void> {
  for (let from = 0; from < size; from += 10_000) {
    const items = Array.from({ length: Math.min(10_000, size - from) }, (_, at) => {
      const index = from + at;
      // Half of them have a deadline, far away.
      return [keyOf(index), valueOf(index, 0, 100), index % 2 ? { ttl: 1e12 } : undefined] as const;
    });
    await store.setMany(items);
  }
}

function kindOf(name: string, make: (size: number, now: () => number) => Store): Kind {
  return {
    name,
    async open(size) {
      let now = Date.now();
      const store = make(size, () => now);
      await fill(store, size);
      return {
        set: (key, value) => store.set(key, value),
        get: (key) => store.find(key),
        store,
        advance: (by) => void (now += by),
        close: () => store.close(),
      };
    },
  };
}

const bareMap: Kind = {
  name: "a bare Map behind one await",
  row: "bare Map",
  open(size) {
    const map = new Map<string, Uint8Array>();
    for (let index = 0; index < size; index++) map.set(keyOf(index), valueOf(index, 0, 100));
    return { set: async (key, value) => void map.set(key, value), get: async (key) => map.get(key), close() {} };
  },
};

function bareStatements(folder: string): Kind {
  return {
    name: "bare prepared statements in SQLite",
    row: "bare prepared",
    open(size) {
      const { set, get, setAll, close } = bare(join(folder, `bare ${size}.db`));
      for (let from = 0; from < size; from += 10_000) {
        const indexes = Array.from({ length: Math.min(10_000, size - from) }, (_, at) => from + at);
        setAll!(indexes.map((index) => [keyOf(index), valueOf(index, 0, 100)]));
      }
      return { set: async (key, value) => set(key, value), get: async (key) => get(key), close: close! };
    },
  };
}

type Opened = Sized & { readonly name: string; readonly size: number };

/** Sets or gets at random, one after the other. */
async function atRandom(
  what: "set" | "get",
  calls: number,
  { set, get, name, size }: Opened,
  round: number,
): Promise<number> {
  const random = randomOf(round);
  const picked = Array.from({ length: calls }, () => Math.floor(random() * size));
  const keys = picked.map(keyOf);
  const values = picked.map((index) => valueOf(index, round, 100));
  const found: unknown[] = Array.from({ length: calls });
  const start = performance.now();
  for (let at = 0; at < calls; at++) {
    if (what === "set") await set(keys[at]!, values[at]!);
    else found[at] = await get(keys[at]!);
  }
  const took = performance.now() - start;
  for (let at = 0; at < calls; at += Math.ceil(calls / 200)) {
    const value = what === "set" ? await get(keys[at]!) : found[at];
    if (!isValueOf(value, picked[at]!, 100)) throw new Error(`${name} did not return what was set under ${keys[at]}`);
  }
  return took;
}

/** Removes a hundred that have expired. */
async function sweep({ store, advance }: Sized): Promise<number> {
  const items = Array.from({ length: 100 }, (_, at) => [`short:${at}`, valueOf(at, 0, 100), { ttl: 10 }] as const);
  await store!.setMany(items);
  advance!(10);
  const start = performance.now();
  const swept = await store!.sweep();
  const took = performance.now() - start;
  if (swept !== 100) throw new Error(`${swept} were swept`);
  return took;
}

/** Lists a page of fifty from the middle, ten times, each after something new has come, if it is to. */
async function list({ store, size }: Opened, isChanging: boolean): Promise<number> {
  const times: number[] = [];
  const page = { prefix: "user:4", limit: 50 };
  const { cursor } = await store!.list(page);
  for (let time = 0; time < 10; time++) {
    if (isChanging) await store!.set("zz new", valueOf(time, 0, 100));
    const start = performance.now();
    const { entries } = await store!.list({ ...page, cursor });
    times.push(performance.now() - start);
    if (entries.length !== page.limit) throw new Error(`${entries.length} of ${size} were listed`);
    if (isChanging) await store!.delete("zz new");
  }
  return median(times);
}

async function grow(bench: Bench, { name, row = ours, open }: Kind, calls: number): Promise<void> {
  const titles = ["set at random", "get at random", "sweeping 100 expired", "listing a page of 50"];
  if (!titles.some((title) => bench.isWanted(`${name}: ${title}`))) return;
  const opened: Opened[] = [];
  for (const size of sizes)
    opened.push({ ...(await open(size)), name: `${row} of ${size.toLocaleString("en")}`, size });
  for (const what of ["set", "get"] as const) {
    (globalThis as { gc?: () => void }).gc?.();
    await bench.compare(`${name}: ${what} at random`, calls, opened, (sized, round) =>
      atRandom(what, calls, sized, round),
    );
  }
  if (opened[0]!.store) {
    const some = opened.flatMap((sized) =>
      sized.size === 1000 || sized.size === 100_000 ? [{ ...sized, name: sized.name.replace(" of ", " among ") }] : [],
    );
    await bench.compare(`${name}: sweeping 100 expired`, 100, some, sweep);
    await bench.compare(`${name}: listing a page of 50`, 1, some, (sized) => list(sized, false));
    await bench.compare(`${name}: listing a page of 50 after a new key`, 1, some, (sized) => list(sized, true));
  }
  for (const sized of opened) await sized.close();
}

export const suite: Suite = async (bench) => {
  const folder = mkdtempSync(join(tmpdir(), "shelflife-bench-"));
  try {
    await grow(bench, bareMap, 20_000);
    const inMemory = kindOf("memory", (_, now) => memory({ sweepInterval: Infinity, now }));
    await grow(bench, inMemory, 20_000);
    const file = (size: number, now: () => number): Store =>
      sqlite({ path: join(folder, `${size}.db`), sweepInterval: Infinity, now });
    await grow(bench, kindOf("SQLite", file), 2000);
    await grow(bench, bareStatements(folder), 2000);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
