import { andThen } from "../attempt.ts";
import type { Awaitable, Call, CompleteBackend, Entry, Value } from "../contract.ts";
import { isPast } from "../value.ts";

/** Writes an entry. One that would never be seen removes what is there. */
export function writeOne(
  backend: CompleteBackend<Value>,
  key: string,
  entry: Entry<Value>,
  call: Call,
): Awaitable<void> {
  if (!isPast(entry, call.now)) return backend.set(key, entry, call);
  return andThen(backend.delete(key, call), () => {});
}

/** The same with the entries of distinct keys: all or none, where the medium changes several keys in one step. */
export async function writeMany(
  backend: CompleteBackend<Value>,
  items: readonly (readonly [key: string, entry: Entry])[],
  call: Call,
): Promise<void> {
  const isWritten = ([, entry]: (typeof items)[number]): boolean => !isPast(entry, call.now);
  const written = items.filter(isWritten);
  if (written.length === items.length) return backend.setMany(items, call);
  const keys = items.map(([key]) => key);
  if (backend.mutateMany) {
    return backend.mutateMany(keys, () => items.map((item) => (written.includes(item) ? item[1] : undefined)), call);
  }
  await backend.setMany(written, call);
  const removed = items.filter((item) => !written.includes(item));
  await backend.deleteMany(
    removed.map(([key]) => key),
    call,
  );
}
