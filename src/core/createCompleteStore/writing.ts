import { andThen } from "../attempt.ts";
import { checkCall, checkItems } from "../check.ts";
import type { Awaitable, Call, CompleteBackend, Entry, Store, Value } from "../contract.ts";
import { isStoreError } from "../error.ts";
import { checkKey } from "../key.ts";
import { fresh, live } from "../value.ts";

/** How many keys one step is about at most, so that it holds others up for no longer than a page of a listing does. */
export const maxKeys = 1000;

/** Writes an entry. One that would never be seen removes what is there. */
export function writeOne(
  backend: CompleteBackend<Value>,
  key: string,
  entry: Entry<Value>,
  call: Call,
): Awaitable<void> {
  if (live(entry, call.now)) return backend.set(key, entry, call);
  return andThen(backend.delete(key, call), () => {});
}

/** Returns what is to be written under each key, the last of two for one. Throws `invalid-argument` for one bad item. */
export function toEntries(
  items: Parameters<Store["setMany"]>[0],
  own: (value: unknown) => Uint8Array,
  now: () => number,
): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  for (const item of checkItems(items)) {
    const [key, value, options] = checkItems<any>(item);
    entries.set(checkKey(key), fresh(own(value), checkCall(options), now));
  }
  return entries;
}

/** The same with the entries of distinct keys: all or none, where the medium changes several keys in one step. */
export async function writeMany(
  backend: CompleteBackend<Value>,
  items: readonly (readonly [key: string, entry: Entry])[],
  call: Call,
): Promise<void> {
  const written = items.map(([, entry]) => live(entry, call.now));
  if (!written.includes(undefined)) return backend.setMany(items, call);
  const keys = items.map(([key]) => key);
  try {
    if (backend.mutateMany && !keys[maxKeys]) return await backend.mutateMany(keys, () => written, call);
  } catch (error) {
    // Keys on several servers are not changed in one step.
    if (!isStoreError(error, "unsupported")) throw error;
  }
  for (const [key, entry] of items) await writeOne(backend, key, entry, call);
}
