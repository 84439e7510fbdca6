import { andThen } from "../attempt.ts";
import {
  UNCHANGED,
  type Awaitable,
  type Call,
  type CompleteBackend,
  type Entry,
  type Unchanged,
  type Value,
} from "../contract.ts";
import { checkKey } from "../key.ts";
import { live } from "../value.ts";

/** Decides about a live entry within the medium's transaction; an expired one is removed on the way. */
export function decide<R>(
  backend: CompleteBackend<Value>,
  key: string,
  call: Call,
  change: (current: Entry<Value> | undefined) => [result: R, next: Entry<Value> | undefined | Unchanged],
): Awaitable<R> {
  let result: R;
  const decided = backend.mutate(
    checkKey(key),
    (found) => {
      const current = live(found, call.now);
      const [outcome, next] = change(current);
      result = outcome;
      if (next === UNCHANGED) return found === current ? next : undefined;
      // What would never be seen is not written.
      return live(next, call.now);
    },
    call,
  );
  return andThen(decided, () => result);
}

/** Hides an entry that was seen expired and removes it, if that is still what lies there: a fresh value survives. */
export async function expire(backend: CompleteBackend<Value>, key: string, now: () => number): Promise<undefined> {
  try {
    if (!backend.ownExpiry) await decide(backend, key, { now }, () => [0, UNCHANGED]);
  } catch {
    // The answer is known whether or not the medium lets go of the entry now: a sweep will try again.
  }
}
