import { keyOf } from "./listing.ts";
import type { Peer } from "./peer.ts";

/**
 * Calls a listener for every change from now on: with the key, `null` where it cannot be known (changes may have been missed, or one
 * is gone that lay behind its hash), and whether a value was set. Resolves with how to stop, and rejects when the store refuses.
 */
export async function follow(
  peer: Peer,
  listener: (key: string | null, isSet: boolean) => unknown,
): Promise<() => void> {
  const stop = new AbortController();
  async function run(): Promise<void> {
    for await (const change of peer.store.watch({ prefix: peer.prefix, signal: stop.signal, unref: true })) {
      // A key that cannot be read is not known, and ends no other call. Neither does what a listener throws, which is its own.
      const key = change.type === "resync" ? null : await keyOf(peer, change.key).catch(() => null);
      void Promise.resolve().then(() => listener(key ?? null, change.type === "set"));
    }
  }
  // A store without a watch refuses before anything else happens. One that ran and cannot go on is nobody's to hear of.
  await Promise.race([run(), new Promise((resolve) => setTimeout(resolve))]);
  return () => stop.abort();
}
