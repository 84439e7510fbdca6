import type { Store } from "../core/contract.ts";
import { StoreError } from "../core/error.ts";

/**
 * Room that is set aside in a page's origin. A full origin refuses whatever is written, however small, so that what waits could
 * never go: then this is given up for it. It lies in a cache, whose entries free their room as soon as they are deleted.
 */
export interface Reserve {
  /** Whether it was given up, or had no room. */
  isMissing: boolean;
  /** Sets it aside again, before a call writes more. Rejects `quota-exceeded` if there is no room for it. */
  restore(): Promise<void>;
  /** Gives it up, and resolves with whether there was any. */
  release(): Promise<boolean | undefined>;
}

// How much is set aside: bytes.
const size = 1_000_000;

// The name of the cache, and of what is in it.
const place = "/shelflife-offline";

const open = async (): Promise<Cache | undefined> => globalThis.caches?.open(place);

export function createReserve(local: Store): Reserve {
  const reserve: Reserve = {
    isMissing: false,
    async restore() {
      try {
        const cache = await open();
        if (!(await cache!.match(place))) await cache!.put(place, new Response(new Uint8Array(size)));
        reserve.isMissing = false;
      } catch (cause) {
        // Else there are no caches here.
        if ((reserve.isMissing = (cause as Error).name === "QuotaExceededError"))
          throw new StoreError("quota-exceeded", "Cannot store this: expected room");
      }
    },
    async release() {
      reserve.isMissing = true;
      return (await open())?.delete(place);
    },
  };
  if (globalThis.indexedDB && local.isPersistent()) reserve.restore().catch(() => {});
  return reserve;
}
