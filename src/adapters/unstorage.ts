import { checkCall } from "../core/check.ts";
import type { Lifetime, Store } from "../core/contract.ts";
import { check, kindOf } from "../core/error.ts";
import { isWellFormed } from "../core/key.ts";
import type { Config } from "../core/registry.ts";
import { encodeText } from "../core/utf8.ts";
import { joinBytes } from "../core/value.ts";
import { follow } from "./peer/changes.ts";
import { lifetimeOf } from "./peer/lifetime.ts";
import { keys } from "./peer/listing.ts";
import { headOf, mark, open, peerOf, place } from "./peer/peer.ts";
import { find, remove, set, setMany, stringify } from "./peer/values.ts";

export { fromUnstorage, type FromUnstorageOptions, type UnstorageLike } from "./unstorage/fromUnstorage.ts";

/** How {@link unstorage} keeps items. */
export interface UnstorageOptions {
  /** How long an item lives that is set without a `ttl` of its own: seconds, 0 for ever. @default for ever */
  ttl?: number | undefined;
}

/** What a call takes: `ttl` in seconds, 0 for ever. */
export interface UnstorageCall {
  ttl?: number | undefined;
  [option: string]: any;
}

/** A driver as unstorage takes one. */
export interface UnstorageDriver {
  name: string;
  options: any;
  flags: { ttl: true };
  /** Returns the store. */
  getInstance(): any;
  hasItem(key: string, call?: UnstorageCall): Promise<boolean>;
  getItem(key: string, call?: UnstorageCall): Promise<any>;
  getItems(items: { key: string }[], common?: UnstorageCall): Promise<{ key: string; value: any }[]>;
  getItemRaw(key: string, call?: UnstorageCall): Promise<Uint8Array | null>;
  setItem(key: string, value: string, call?: UnstorageCall): Promise<void>;
  /** Writes all items or none. */
  setItems(
    items: { key: string; value: string; options?: UnstorageCall | undefined }[],
    common?: UnstorageCall,
  ): Promise<void>;
  setItemRaw(key: string, value: any, call?: UnstorageCall): Promise<void>;
  removeItem(key: string, call?: UnstorageCall): Promise<void>;
  /** Reads the length of an item in bytes, and how long it still lives: seconds, left out if for ever. */
  getMeta(key: string, call?: UnstorageCall): Promise<{ size: number; ttl?: number } | null>;
  getKeys(base?: string, call?: UnstorageCall): Promise<string[]>;
  clear(base?: string, call?: UnstorageCall): Promise<void>;
  /** Closes the store. */
  dispose(): Promise<void>;
  watch(callback: (event: "update" | "remove", key: string) => unknown): Promise<() => void>;
}

/** Returns the bytes that stand for a raw value, nobody else's. Throws `cant-encode`. */
async function encodeRaw(key: string, value: any): Promise<Uint8Array> {
  if (typeof value === "string") return encodeText(value);
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice();
  // A Blob, or a Response.
  if (typeof value?.arrayBuffer === "function") return new Uint8Array(await value.arrayBuffer());
  const kind = kindOf(value);
  if (kind === "ArrayBuffer") return new Uint8Array(value).slice();
  return encodeText(stringify(key, value));
}

/**
 * Returns a driver of unstorage over a store, also for a mount of Nitro's or Nuxt's that is made in code. `ttl` is in seconds, as
 * everywhere there, and keys are any strings. `setItems` is all or nothing, and `watch` reports other processes too, expiries as
 * "remove". Disposing the driver closes the store.
 *
 * Text lies in the store as its UTF-8 bytes, and raw values as their bytes, or as the JSON of an object.
 *
 * @example Is a driver for `createStorage`.
 * ```ts
 * import { memory } from "shelflife";
 * import { unstorage } from "shelflife/adapters/unstorage";
 *
 * const driver = unstorage(memory(), { ttl: 3600 }); // createStorage({ driver })
 * await driver.setItem("users:ada", "Ada", { ttl: 60 });
 * console.log(await driver.getItem("users:ada"), await driver.getKeys("users:")); // Ada [ 'users:ada' ]
 * ```
 */
export function unstorage(store: Store, options: UnstorageOptions = {}): UnstorageDriver {
  const peer = peerOf(store);
  const { ttl } = checkCall<UnstorageOptions>(options);

  function lifetime(call?: UnstorageCall, common?: UnstorageCall): Lifetime | undefined {
    const seconds = call?.ttl ?? common?.ttl ?? ttl;
    return lifetimeOf(seconds === 0 ? undefined : seconds && seconds * 1000);
  }

  lifetime();

  function checkText(value: unknown): asserts value is string {
    check(isWellFormed(value), "value", "a well-formed string", value);
  }

  async function getKeys(base = ""): Promise<string[]> {
    const found = await keys(peer, base);
    // What lies behind a hash may begin with the base, too.
    const hidden = base ? await keys(peer, mark) : [];
    return [...new Set([...found, ...hidden])].filter((key) => key.startsWith(base));
  }

  const getItem = async (key: string): Promise<string | null> => (await find(peer, key)) ?? null;

  return {
    name: "shelflife",
    options,
    flags: { ttl: true },
    getInstance: () => store,
    hasItem: async (key) => store.has(await place(peer, key)),
    getItem,
    getItems: async (items) => Promise.all(items.map(async ({ key }) => ({ key, value: await getItem(key) }))),
    async getItemRaw(key) {
      const id = await place(peer, key);
      const found = await store.find(id);
      return found ? open(peer, id, found)[1] : null;
    },
    async setItem(key, value, call) {
      checkText(value);
      await set(peer, key, value, lifetime(call));
    },
    async setItems(items, common) {
      for (const { value } of items) checkText(value);
      await setMany(
        peer,
        items.map(({ key, value, options }) => [key, value, lifetime(options, common)]),
      );
    },
    async setItemRaw(key, value, call) {
      const bytes = await encodeRaw(key, value);
      const id = await place(peer, key);
      await store.set(id, joinBytes([encodeText(headOf(peer, id, key)), bytes]), lifetime(call));
    },
    async removeItem(key) {
      await remove(peer, [key]);
    },
    async getMeta(key) {
      const id = await place(peer, key);
      const entry = await store.entry(id);
      if (!entry) return null;
      const size = open(peer, id, entry.value)[1].length;
      return entry.expiresAt === Infinity ? { size } : { size, ttl: (entry.expiresAt - Date.now()) / 1000 };
    },
    getKeys,
    async clear(base) {
      if (base) await remove(peer, await getKeys(base));
      else await store.clear();
    },
    dispose: async () => store.close(),
    watch: async (callback) =>
      follow(peer, (key, isSet) => {
        if (key !== null) callback(isSet ? "update" : "remove", key);
      }),
  };
}

/** A mount by configuration: what `open` takes, or a store, and the `ttl` of {@link UnstorageOptions}. */
export type UnstorageMount = Store | (Config & UnstorageOptions & { driver?: unknown; store?: undefined });

/**
 * Returns a driver of unstorage for a store, or for the configuration of one, which is opened by the first call: what Nitro and Nuxt
 * take as the module of a driver, `{ driver: "shelflife/adapters/unstorage", backend: "sqlite", parameters: { path: "data.db" } }`.
 */
export default function createMount(mount: UnstorageMount): UnstorageDriver {
  if (typeof (mount as Partial<Store>)?.get === "function") return unstorage(mount as Store);
  check(Object(mount) === mount, "options", "a store, or { backend, parameters }", mount);
  const { backend, parameters, ttl } = mount as Config & UnstorageOptions;
  let opened: Promise<UnstorageDriver> | undefined;

  async function openDriver(): Promise<UnstorageDriver> {
    // Only here, so that nobody else pays for all backends.
    const portable = await import("../index.ts");
    const isPortable = portable.methods().includes(backend);
    const door = isPortable ? portable : await import("../server.ts");
    return unstorage(await door.open({ backend, parameters }), { ttl });
  }

  function driver(): Promise<UnstorageDriver> {
    opened ??= openDriver();
    // What failed is tried again by the next call.
    opened.catch(() => (opened = undefined));
    return opened;
  }

  const shape = unstorage({ get() {} } as unknown as Store, { ttl });
  const late = Object.entries(shape)
    .filter(([, method]) => typeof method === "function")
    .map(([name]) => [name, async (...args: unknown[]) => ((await driver()) as any)[name](...args)]);
  return { ...shape, options: mount, ...Object.fromEntries(late) };
}
