import { UNCHANGED, type CallOptions, type Store } from "../../core/contract.ts";
import { lending } from "../../core/lending.ts";

/**
 * Removes what has expired among the keys with a prefix, and counts it; the rest of the store is left as it is. A medium that
 * removes what has expired by itself is left alone, too. Costs what there is with that prefix.
 */
export async function sweepWithin(store: Store, prefix: string, options: CallOptions | undefined): Promise<number> {
  const medium = lending.get(store.sweep);
  // Rejects like any call when the store is closed.
  await store.findMany([], options);
  if (!medium || medium.backend.ownExpiry) return 0;
  const { backend, now } = medium;
  const call = { now, signal: options?.signal };
  let count = 0;
  let cursor: string | undefined;
  do {
    const page = await backend.list({ prefix, limit: 1000, cursor }, call);
    for (const { key, expiresAt } of page.entries) {
      call.signal?.throwIfAborted();
      if (expiresAt > now()) continue;
      let isExpired = false;
      await backend.mutate(
        key,
        (found) => {
          isExpired = !!found && found.expiresAt <= now();
          return isExpired ? undefined : UNCHANGED;
        },
        call,
      );
      count += Number(isExpired);
    }
    cursor = page.cursor;
  } while (cursor !== undefined);
  return count;
}
