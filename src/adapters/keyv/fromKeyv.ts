import type { Entry, Store } from "../../core/contract.ts";
import { StoreError } from "../../core/error.ts";
import { encodeText } from "../../core/utf8.ts";
import { bytesOf, fromJson, toJson, unreadable } from "../peer/foreign.ts";
import { createNames } from "../peer/names.ts";
import { fromRecord, isRecord, toRecord } from "../peer/record.ts";
import { checkMethods } from "../peer/methods.ts";
import { slotsStore, type ExclusiveOptions } from "../peer/slotsStore.ts";
import { failuresOf } from "./failures.ts";
import { namesIn } from "./namesIn.ts";

/** How {@link fromKeyv} keeps values. */
export type FromKeyvOptions = ExclusiveOptions;

/** What is used of a Keyv, of version 4, 5 or 6. */
export interface KeyvLike {
  get(key: any, options?: any): Promise<any>;
  set(key: any, value: any, ttl?: number): Promise<any>;
  delete(key: any): Promise<any>;
  on(event: any, listener: (...args: any[]) => void): any;
}

/** What Keyv keeps of a value: a deadline of its own with it, epoch ms. */
interface Slot {
  readonly value: unknown;
  readonly expires?: number | null | undefined;
}

/** Returns what is stored of an entry: without a deadline the value that its JSON text stands for. */
function encode(entry: Entry): Slot {
  const value = entry.expiresAt === Infinity ? fromJson(entry.value) : undefined;
  const isOwn = value === undefined || (typeof value === "string" && isRecord(value));
  return { value: isOwn ? toRecord(entry) : value };
}

function decode(key: string, found: unknown): Entry {
  const { value, expires } = found as Slot;
  const ends = typeof expires === "number" ? expires : Infinity;
  try {
    if (typeof value !== "string" || !isRecord(value))
      return { value: bytesOf(value) ?? encodeText(toJson(key, value)), expiresAt: ends };
  } catch (error) {
    return unreadable(error as StoreError, ends);
  }
  // A record has the deadline itself, so that Keyv has none.
  return fromRecord(key, value);
}

/**
 * Returns a store over a Keyv that an app has, of version 4, 5 or 6, with whatever it stores in.
 *
 * What the app wrote reads as bytes: a Buffer as its own, anything that JSON can hold, a string too, as its JSON text. So
 * `json(fromKeyv(keyv)).get(key)` is what `keyv.get(key)` is, and a deadline that Keyv gave is the entry's. What JSON would lose is
 * `cant-decode`; a stored `null` is a missing value. What the store writes without a deadline, the app reads if it is JSON text
 * exactly as `JSON.stringify` writes it. All else, and what has a deadline, lies in a record that only a store can read; a
 * default `ttl` of the Keyv applies to neither.
 *
 * Keyv hands errors to its `error` event, and returns a miss or `false`. The store listens to that, and its call rejects `unavailable`.
 *
 * Keyv has no transactions. With `exclusive` calls are atomic among all stores over this object; without it, atomic calls and
 * `sweep` are `unsupported`. `setMany` puts back what it replaced when it fails, but not after a crash. A `watch` reports what
 * stores over this object write, and nothing that the app writes past them. There is no index of deadlines: a sweep reads
 * everything. A Keyv that has no iterator lists nothing: then listings, `clear`, `sweep` and `watch` are `unsupported`. Keys of the
 * app that no store can have are left alone; `migrate` reports them. Those that Keyv would change have the name `~hex~` and
 * their UTF-8 bytes in hexadecimal digits.
 *
 * Closing the store leaves the Keyv as it is. Throws `bad-config`.
 *
 * @example Takes a value out of an app's cache, once.
 * ```ts
 * import { json } from "shelflife";
 * import { fromKeyv } from "shelflife/adapters/keyv";
 *
 * const kept = new Map<string, { value: unknown }>([["users:ada", { value: { born: 1815 } }]]);
 * const cache = {
 *   // new Keyv()
 *   get: async (key: string) => kept.get(key),
 *   set: async (key: string, value: unknown) => kept.set(key, { value }),
 *   delete: async (key: string) => kept.delete(key),
 *   on() {},
 * };
 * const store = json(fromKeyv(cache, { exclusive: true }));
 * console.log(await store.take("users:ada")); // { born: 1815 }
 * ```
 */
export function fromKeyv(keyv: KeyvLike, options: FromKeyvOptions = {}): Store {
  const instance: any = checkMethods("keyv", keyv, "expected a Keyv", ["get", "set", "delete", "on"]);
  const failures = failuresOf(instance);
  const listing = namesIn(instance);
  const { toName, toKey } = createNames(listing.isPlain);

  async function find(key: string): Promise<Slot | undefined> {
    const name = toName(key);
    const slot: Slot | undefined = await failures.during(async () =>
      // Where there is one, it does not swallow what its other methods do.
      instance.getRaw ? instance.getRaw(name) : instance.get(name, { raw: true }),
    );
    return slot?.value === undefined || slot.value === null ? undefined : slot;
  }

  const slots = {
    library: "Keyv",
    find,
    async put(key: string, slot: unknown) {
      const { value, expires } = slot as Slot;
      // Without a deadline, even if the Keyv has a default.
      const ttl = typeof expires === "number" ? Math.max(1, expires - Date.now()) : 0;
      if ((await instance.set(toName(key), value, ttl)) === false) throw failures.last() ?? refused(key);
    },
    async remove(key: string) {
      // It returns false for what is gone already, too.
      if ((await instance.delete(toName(key))) === false && (await find(key))) throw failures.last() ?? refused(key);
    },
    keys: async () => (await failures.during(listing.names)).map(toKey),
    encode,
    decode,
  };
  return slotsStore("keyv", instance, options, slots, {
    canList: listing.canList,
    isPersistent: listing.isPersistent,
  });
}

function refused(key: string): StoreError {
  return new StoreError("unavailable", "Cannot write: expected Keyv to take it, got false", { key });
}
