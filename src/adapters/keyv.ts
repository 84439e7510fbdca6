import type { Lifetime, Store } from "../core/contract.ts";
import { isWellFormed } from "../core/key.ts";
import { lifetimeOf } from "./peer/lifetime.ts";
import { texts } from "./peer/listing.ts";
import { parse, peerOf, place, type Peer } from "./peer/peer.ts";
import { find, remove, set, setMany, stringify } from "./peer/values.ts";

export { fromKeyv, type FromKeyvOptions, type KeyvLike } from "./keyv/fromKeyv.ts";

/** What the adapters of all versions of Keyv have. */
interface KeyvAdapter {
  /** What Keyv puts before keys, and `clear` and `iterator` keep to. */
  namespace: string | undefined;
  get(key: string): Promise<any>;
  getMany(keys: string[]): Promise<any[]>;
  has(key: string): Promise<boolean>;
  hasMany(keys: string[]): Promise<boolean[]>;
  delete(key: string): Promise<boolean>;
  clear(): Promise<void>;
  /** Closes the store. */
  disconnect(): Promise<void>;
  /** Takes a listener, as Keyv expects; errors reject the calls that they belong to. */
  on(event: string, listener: (...args: any[]) => void): this;
}

/** A storage adapter as Keyv 6 takes one. */
export interface KeyvStorage extends KeyvAdapter {
  readonly capabilities: any;
  /** Writes a value until a deadline: epoch ms. */
  set(key: string, value: unknown, expires?: number): Promise<boolean>;
  setMany(items: { key: string; value: any; expires?: number | undefined }[]): Promise<boolean[]>;
  deleteMany(keys: string[]): Promise<boolean[]>;
  iterator(): AsyncGenerator<any[], void>;
}

/** A storage adapter as Keyv 4 and 5 take one. */
export interface Keyv5Storage extends KeyvAdapter {
  opts: any;
  /** Writes a value for a time: ms, 0 for ever. */
  set(key: string, value: any, ttl?: number): Promise<boolean>;
  setMany(items: { key: string; value: any; ttl?: number }[]): Promise<void>;
  deleteMany(keys: string[]): Promise<boolean>;
  iterator(namespace?: string): AsyncGenerator<any[], void>;
}

/** What is written of a value: text as it is, anything else, and text that has no UTF-8, as JSON behind a NUL. */
function encode(key: string, value: unknown): string {
  const isText = isWellFormed(value) && value[0] !== "\0";
  return isText ? value : `\0${value === undefined ? "" : stringify(key, value)}`;
}

function decode(key: string, text: string | undefined): unknown {
  if (text?.[0] !== "\0") return text;
  return text === "\0" ? undefined : parse(key, text.slice(1));
}

/** Until when a value lives: a deadline that is past, too. */
const by = (expires: number | null | undefined): Lifetime => ({ expiresAt: Math.max(0, expires ?? Infinity) });

/** What the two adapters have in common. `strip` takes the namespace off a key. */
function adapt(store: Store, strip: (key: string, prefix: string) => string) {
  const root = peerOf(store);
  const base = (): string => (self.namespace ? `${self.namespace}:` : "");
  /** The store as its current namespace has it. */
  const peer = (): Peer => ({ ...root, prefix: base() });
  const inner = (key: string): string => strip(key, base());
  const self = {
    namespace: undefined as string | undefined,
    async get(key: string): Promise<any> {
      return decode(key, await find(peer(), inner(key)));
    },
    async getMany(keys: string[]): Promise<any[]> {
      return Promise.all(keys.map(self.get));
    },
    async has(key: string): Promise<boolean> {
      return store.has(await place(peer(), inner(key)));
    },
    async hasMany(keys: string[]): Promise<boolean[]> {
      return Promise.all(keys.map(self.has));
    },
    async delete(key: string): Promise<boolean> {
      return (await remove(peer(), [inner(key)])) > 0;
    },
    clear: async () => store.clear({ prefix: base() }),
    disconnect: async () => store.close(),
    on: (): any => self,
  };
  return {
    self,
    async write(key: string, value: unknown, lifetime: Lifetime | undefined): Promise<boolean> {
      await set(peer(), inner(key), encode(key, value), lifetime);
      return true;
    },
    writeMany: async (items: (readonly [key: string, value: unknown, lifetime: Lifetime | undefined])[]) =>
      setMany(
        peer(),
        items.map(([key, value, lifetime]) => [inner(key), encode(key, value), lifetime]),
      ),
    removeMany: async (keys: string[]) => remove(peer(), keys.map(inner)),
    async *iterate(prefix = ""): AsyncGenerator<any[], void> {
      for await (const [key, text] of texts(peer())) yield [prefix + key, decode(key, text)];
    },
  };
}

/**
 * Returns a storage adapter of Keyv 6 over a store. Deadlines are the store's, `clear` and the iterator keep to the namespace, and
 * keys are any strings. `disconnect` closes the store.
 *
 * Keyv hands over text, which lies in the store as it is, under `namespace:key`. With its serialization off, a value is JSON behind a NUL; what
 * JSON cannot hold is `cant-encode`.
 *
 * @example Is what Keyv 6 keeps its values in.
 * ```ts
 * import { memory } from "shelflife";
 * import { keyv } from "shelflife/adapters/keyv";
 *
 * const storage = keyv(memory()); // new Keyv(storage, { namespace: "users" })
 * storage.namespace = "users";
 * await storage.set("ada", '{"value":1815}', Date.now() + 60_000);
 * console.log(await storage.get("ada")); // {"value":1815}
 * ```
 */
export function keyv(store: Store): KeyvStorage {
  const { self, write, writeMany, iterate } = adapt(store, (key) => key);
  return Object.assign(self, {
    capabilities: { expires: true },
    set: async (key: string, value: unknown, expires?: number) => write(key, value, by(expires)),
    async setMany(items: { key: string; value: any; expires?: number | undefined }[]): Promise<boolean[]> {
      await writeMany(items.map(({ key, value, expires }) => [key, value, by(expires)]));
      return items.map(() => true);
    },
    deleteMany: async (keys: string[]) => Promise.all(keys.map(self.delete)),
    iterator: () => iterate(),
  });
}

/**
 * Returns a storage adapter of Keyv 4 and 5 over a store, which take spans of time where version 6 takes deadlines. Keyv puts the
 * namespace before keys itself. `disconnect` closes the store.
 *
 * @example Is what Keyv 5 keeps its values in.
 * ```ts
 * import { memory } from "shelflife";
 * import { keyv5 } from "shelflife/adapters/keyv";
 *
 * const storage = keyv5(memory()); // new Keyv({ store: storage, namespace: "users" })
 * await storage.set("users:ada", '{"value":1815}', 60_000);
 * console.log(await storage.get("users:ada")); // {"value":1815}
 * ```
 */
export function keyv5(store: Store): Keyv5Storage {
  const strip = (key: string, prefix: string): string => (key.startsWith(prefix) ? key.slice(prefix.length) : key);
  const { self, write, writeMany, removeMany, iterate } = adapt(store, strip);
  return Object.assign(self, {
    // Keyv iterates over what it takes for one of these.
    opts: { url: "", dialect: "redis" },
    set: async (key: string, value: any, ttl?: number) => write(key, value, lifetimeOf(ttl || undefined)),
    setMany: async (items: { key: string; value: any; ttl?: number }[]) =>
      writeMany(items.map(({ key, value, ttl }) => [key, value, lifetimeOf(ttl || undefined)])),
    deleteMany: async (keys: string[]) => (await removeMany(keys)) > 0,
    iterator: () => iterate(self.namespace && `${self.namespace}:`),
  });
}
