import { UNCHANGED, type Call, type CompleteBackend, type Store, type Value } from "./contract.ts";
import { lentBy, type Sweeper } from "./lending.ts";

/**
 * Returns what sweeps a part of a store and leaves the rest as it is, where the medium can separate the two. What a medium
 * removes by its own clock, and has no other way for, is left to it.
 */
export function sweeperOf(store: Pick<Store<any>, "sweep">): Sweeper | undefined {
  const lent = lentBy(store, "sweep");
  if (typeof lent !== "object") return lent;
  const { backend, run } = lent;
  return (prefix, options) =>
    run(options, (call) => {
      if (prefix === "") return backend.sweep(call);
      if (backend.sweepWithin) return backend.sweepWithin({ prefix }, call);
      return backend.ownExpiry ? 0 : sweepListed(backend, prefix, call, () => run(call, () => {}));
    });
}

/** Sweeps by listings, at a cost that follows what there is with the prefix. `check` rejects when the store is closed. */
async function sweepListed(
  backend: CompleteBackend<Value>,
  prefix: string,
  call: Call,
  check: () => Promise<void>,
): Promise<number> {
  let count = 0;
  let cursor: string | undefined;
  do {
    if (cursor !== undefined) await check();
    const listed = backend.list({ prefix, limit: 1000, cursor }, call);
    // What memory lists is removed at once: nobody, a close neither, comes in between.
    const page = "entries" in listed ? listed : await listed;
    const removed = page.entries.map(
      async ({ key, expiresAt }) =>
        key.startsWith(prefix) && expiresAt <= call.now() && removeExpired(backend, key, call),
    );
    for (const isRemoved of await Promise.all(removed)) count += Number(isRemoved);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return count;
}

/** Removes an entry, unless it was refreshed in the meantime, and resolves with whether it did. */
async function removeExpired(backend: CompleteBackend<Value>, key: string, call: Call): Promise<boolean> {
  let isExpired = false;
  await backend.mutate(
    key,
    (found) => {
      isExpired = !!found && found.expiresAt <= call.now();
      return isExpired ? undefined : UNCHANGED;
    },
    call,
  );
  return isExpired;
}
