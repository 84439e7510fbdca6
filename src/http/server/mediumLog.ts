import type { LogPage, LogQuery, Store } from "../../core/contract.ts";
import { lentBy } from "../../core/lending.ts";
import type { Hash } from "./hash.ts";
import { createSeal, type Seal } from "./seal.ts";

/** A page of a log, and how its positions are made ids. */
export interface SealedPage extends LogPage {
  readonly seal: Seal;
}

/** The log that the medium of a store keeps. Reads resolve with nothing as long as there is none. */
export interface MediumLog {
  read(query: LogQuery, signal: AbortSignal | undefined): Promise<SealedPage | undefined>;
  /** The same after an id, whichever handler gave it; without one from the end on. */
  readAfter(id: string | undefined, query: LogQuery, signal: AbortSignal | undefined): Promise<SealedPage | undefined>;
}

/** Returns the log of a store's medium, where the store is made of one that has such a thing. */
export function mediumLogOf(store: Store, hash: Hash): MediumLog | undefined {
  // What stands before a store, and is not the same for whoever looks into it, has this call of its own.
  const medium = lentBy(store, "transact");
  const changes = medium?.backend.changes;
  if (!changes) return undefined;
  let known: { readonly secret: string; readonly seal: Promise<Seal> } | undefined;

  async function read(query: LogQuery, signal: AbortSignal | undefined): Promise<SealedPage | undefined> {
    const page = await medium!.run({ signal }, (call) => changes!(query, call));
    if (!page) return undefined;
    const { secret } = page;
    // A medium that was put in the place of another has another one.
    if (known?.secret !== secret) known = { secret, seal: createSeal(secret, hash) };
    return { ...page, seal: await known.seal };
  }

  return {
    read,
    async readAfter(id, query, signal) {
      for (;;) {
        const seal = await known?.seal;
        const after = id === undefined ? undefined : seal?.open(id);
        const page = await read({ ...query, after }, signal);
        if (!page || id === undefined) return page;
        if (page.seal === seal) return after === undefined ? { ...page, changes: undefined } : page;
      }
    },
  };
}
