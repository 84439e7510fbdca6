import { isDeepStrictEqual } from "node:util";
import { each } from "./each.ts";
import type { Item, Peer } from "./peer.ts";
import { mixOf } from "./random.ts";
import { keysOf, valueOf } from "./values.ts";

/** What a peer does. */
export interface How {
  /** A mix is what an application does: see `mixOf`. */
  readonly what: "set" | "get" | "mix";
  readonly calls: number;
  /** How many call at once, each in a row: 1 is one after the other, `Infinity` all in one tick. */
  readonly callers: number;
  readonly size?: number;
  /** The values, for peers that keep something else than bytes. @default bytes of that size */
  make?(index: number, round: number): any;
  /** The deadline of what is set, in a mix of half of it: ms. */
  readonly ttl?: number;
  /** Gives other keys than were set, of which nothing may be found. */
  readonly misses?: boolean;
}

/** Lets a peer do some work once, checks what it stored or returned, and resolves with the ms that it took. */
export async function doWork(peer: Peer, how: How, round: number): Promise<number> {
  const { what, calls, callers, size = 100, ttl, misses } = how;
  const make = how.make ?? ((index, round) => valueOf(index, round, size));
  const keys = keysOf(calls);
  const itemsOf = (round: number): Item[] => keys.map((key, index) => [key, make(index, round), ttl] as const);
  if (what !== "set" && round === 0) await setAll(peer, itemsOf(0), Infinity);

  if (what === "set") {
    const items = itemsOf(round);
    const took = await timed(() => setAll(peer, items, callers));
    for (const [key, value] of sampleOf(items)) check(peer, key, await peer.get(key), [value]);
    return took;
  }
  if (what === "get") {
    const wanted = misses ? keys.map((key) => `no ${key}`) : keys;
    let found: unknown[] = [];
    const took = await timed(async () => void (found = await getAll(peer, wanted, callers)));
    for (const [key, index] of sampleOf(wanted.map((key, index) => [key, index] as const)))
      check(peer, key, found[index], [misses ? undefined : make(index, 0)]);
    return took;
  }
  const steps = mixOf(calls, round).map((step) => ({
    ...step,
    key: keys[step.index]!,
    value: make(step.index, round),
  }));
  let found: unknown[] = [];
  const took = await timed(async () => {
    found = await each(steps, callers, ({ key, value, isSet, isDated }) =>
      isSet ? peer.set(key, value, isDated ? ttl : undefined) : peer.get(key),
    );
  });
  // What is got may be of any round until now.
  const all = (index: number): unknown[] => Array.from({ length: round + 1 }, (_, round) => make(index, round));
  for (const [at, { key, index, isSet }] of sampleOf([...steps.entries()]))
    if (!isSet) check(peer, key, found[at], all(index));
  for (const { key, value } of sampleOf(steps.filter(({ isSet }) => isSet)))
    check(peer, key, await peer.get(key), [value]);
  return took;
}

/** Does some work, and resolves with the ms that it took. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  (globalThis as { gc?: () => void }).gc?.();
  await new Promise((resolve) => setImmediate(resolve));
  const start = performance.now();
  await work();
  return performance.now() - start;
}

async function setAll(peer: Peer, items: readonly Item[], callers: number): Promise<unknown> {
  if (callers === Infinity && peer.setAll) return peer.setAll(items);
  return each(items, callers, ([key, value, ttl]) => peer.set(key, value, ttl));
}

async function getAll(peer: Peer, keys: readonly string[], callers: number): Promise<unknown[]> {
  if (callers === Infinity && peer.getAll) return peer.getAll(keys);
  return each(keys, callers, (key) => peer.get(key));
}

/** Two hundred of them, if there are as many. */
function sampleOf<T>(list: readonly T[]): T[] {
  const step = Math.ceil(list.length / 200);
  return list.filter((_, index) => index % step === 0);
}

function check({ name }: Peer, key: string, found: unknown, values: readonly unknown[]): void {
  if (!values.some((value) => isSame(found, value)))
    throw new Error(`${name} did not return what was set under ${key}`);
}

function isSame(found: unknown, value: unknown): boolean {
  if (value === undefined) return found === undefined || found === null;
  return isDeepStrictEqual(found instanceof Uint8Array ? new Uint8Array(found) : found, value);
}
