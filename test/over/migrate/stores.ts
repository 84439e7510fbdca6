import { memory, type Migrated, type Store } from "../../../src/index.ts";
import { createClock, type Clock } from "../../../src/testing.ts";

/** Keys that some media would take for something else. */
export const oddKeys = [
  "a/b",
  "a:b",
  "a%2Fb",
  "a?b",
  "..",
  ".",
  " ",
  "\0",
  "😀",
  "é",
  "e\u0301",
  "\u{10ffff}",
  "__proto__",
  "x".repeat(1024),
];

/** Returns two stores of one clock. */
export function stores(clock: Clock = createClock()): { clock: Clock; from: Store; to: Store } {
  return { clock, from: memory({ now: clock.now }), to: memory({ now: clock.now }) };
}

/** Returns what a store holds. */
export async function content(store: Store): Promise<Record<string, [value: string, expiresAt: number]>> {
  const entries: [string, [string, number]][] = [];
  for await (const key of store.keys()) {
    const { value, expiresAt } = (await store.entry(key))!;
    entries.push([key, [new TextDecoder().decode(value), expiresAt]]);
  }
  return Object.fromEntries(entries);
}

/** What a migration has done that found nothing to do. */
export const nothing: Migrated = { copied: 0, present: 0, kept: 0, removed: 0, skipped: 0, unreadable: 0, bytes: 0 };
