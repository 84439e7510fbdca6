import type { Store } from "../src/core/contract.ts";
import { ours, type Peer } from "./peer.ts";

/** Returns a store as a peer: ours in the plain way. */
export function storePeer(store: Pick<Store, "get" | "set">): Peer {
  return {
    name: ours,
    set: (key, value, ttl) => store.set(key, value, { ttl }),
    get: (key) => store.get(key),
  };
}

/** Returns all keys of a store. */
export async function listKeys(store: Pick<Store, "keys">): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of store.keys()) keys.push(key);
  return keys;
}
