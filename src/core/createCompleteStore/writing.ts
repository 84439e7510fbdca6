import { andThen } from "../attempt.ts";
import type { Awaitable, Call, CompleteBackend, Entry, Value } from "../contract.ts";

/** Writes an entry. One that would never be seen removes what is there. */
export function writeOne(
  backend: CompleteBackend<Value>,
  key: string,
  entry: Entry<Value>,
  call: Call,
): Awaitable<void> {
  if (entry.expiresAt > call.now()) return backend.set(key, entry, call);
  return andThen(backend.delete(key, call), () => {});
}

/** The same with the entries of distinct keys: all or none, where the medium changes several keys in one step. */
export async function writeMany(
  backend: CompleteBackend<Value>,
  items: readonly (readonly [key: string, entry: Entry])[],
  call: Call,
): Promise<void> {
  const time = call.now();
  const seen = items.filter(([, { expiresAt }]) => expiresAt > time);
  if (seen.length === items.length) return backend.setMany(items, call);
  const keys = items.map(([key]) => key);
  if (backend.mutateMany) {
    return backend.mutateMany(keys, () => items.map(([, entry]) => (entry.expiresAt > time ? entry : undefined)), call);
  }
  await backend.setMany(seen, call);
  await backend.deleteMany(
    keys.filter((_, index) => items[index]![1].expiresAt <= time),
    call,
  );
}
