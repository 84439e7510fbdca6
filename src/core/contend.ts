import { quote, StoreError } from "./error.ts";
import { pause } from "./pause.ts";

// One of the contenders for a key succeeds in each round, so even a crowd is through by then.
const tries = 64;

/** Returned by an attempt that another writer outran. */
export const outrun: unique symbol = Symbol("outrun");

/**
 * Repeats a compare-and-set on a key until no other writer outruns it, and resolves with what the attempt that held
 * resolves with. Pauses grow by 4 ms a try, up to the `longest` before jitter; 0 tries again at once. Rejects `conflict`
 * after 64 tries.
 */
export async function contend<R>(key: string, attempt: () => Promise<R | typeof outrun>, longest = 256): Promise<R> {
  for (let count = 1; count <= tries; count++) {
    const result = await attempt();
    if (result !== outrun) return result;
    if (longest) await pause(Math.min(4 * count, longest));
  }
  throw new StoreError("conflict", `Cannot change key ${quote(key)}: expected others to do so less often`, { key });
}
