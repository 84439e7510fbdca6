import { checkCall } from "../core/check.ts";
import type { Store } from "../core/contract.ts";
import { check } from "../core/error.ts";
import { isWellFormed } from "../core/key.ts";
import { encodeText } from "../core/utf8.ts";
import { add } from "../core/value.ts";
import { lifetimeOf } from "./peer/lifetime.ts";
import { open, peerOf, place, textOf } from "./peer/peer.ts";
import { change, find, remove, set } from "./peer/values.ts";

/** How {@link betterAuth} keeps values. */
export interface BetterAuthOptions {
  /** What the keys begin with in the store. @default "" */
  prefix?: string | undefined;
}

/** The secondary storage of Better Auth. */
export interface SecondaryStorage {
  /** Reads a value, `null` for none. */
  get(key: string): Promise<string | null>;
  /** Reads and removes a value in one step: of many callers one gets it. */
  getAndDelete(key: string): Promise<string | null>;
  /** Adds one in one step. Only a counter that it creates gets the `ttl`: seconds. */
  increment(key: string, ttl: number): Promise<number>;
  /** Writes a value for a time: seconds. */
  set(key: string, value: string, ttl?: number): Promise<void>;
  delete(key: string): Promise<void>;
}

/**
 * Returns a secondary storage of Better Auth over a store: sessions, verifications and the counters of its rate limits, each
 * with its lifetime. `getAndDelete` and `increment` are one step each, also between processes. A lifetime of 0 s or less leaves no
 * value. Nothing here closes the store.
 *
 * @example Counts within a window of a minute.
 * ```ts
 * import { memory } from "shelflife";
 * import { betterAuth } from "shelflife/adapters/betterauth";
 *
 * const secondaryStorage = betterAuth(memory(), { prefix: "auth/" }); // betterAuth({ secondaryStorage, … })
 * await secondaryStorage.increment("127.0.0.1|/sign-in", 60);
 * console.log(await secondaryStorage.increment("127.0.0.1|/sign-in", 60)); // 2
 * ```
 */
export function betterAuth(store: Store, options: BetterAuthOptions = {}): SecondaryStorage {
  const peer = peerOf(store, checkCall<BetterAuthOptions>(options).prefix);
  const seconds = (ttl: number | undefined) => lifetimeOf(ttl && ttl * 1000);

  return {
    get: async (key) => (await find(peer, key)) ?? null,
    async getAndDelete(key) {
      const id = await place(peer, key);
      const value = await store.take(id);
      return value ? textOf(id, open(peer, id, value)[1]) : null;
    },
    async increment(key, ttl) {
      const id = await place(peer, key);
      if (id === peer.prefix + key) return store.increment(id, 1, seconds(ttl));
      // Behind a hash the value is no number alone.
      const entry = await change(peer, key, (current) => {
        const value = `${add(current && encodeText(current.value), 1, key)}`;
        return { value, ...(current ? { expiresAt: current.expiresAt } : seconds(ttl)) };
      });
      return entry ? Number(entry.value) : 1;
    },
    async set(key, value, ttl) {
      check(isWellFormed(value), "value", "a well-formed string", value);
      await set(peer, key, value, seconds(ttl));
    },
    async delete(key) {
      await remove(peer, [key]);
    },
  };
}
