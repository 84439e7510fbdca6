import type { Call } from "../../core/contract.ts";

// So many values are in memory at once while a listing or a sweep goes through them.
const chunk = 100;

/** Goes through keys in chunks, and through each chunk at once. Returns the results that are not `undefined`. */
export async function mapKeys<R>(
  keys: readonly string[],
  call: Call,
  map: (key: string) => Promise<R | undefined>,
): Promise<R[]> {
  const results: R[] = [];
  for (let start = 0; start < keys.length; start += chunk) {
    call.signal?.throwIfAborted();
    for (const result of await Promise.all(keys.slice(start, start + chunk).map(map))) {
      if (result !== undefined) results.push(result);
    }
  }
  return results;
}
