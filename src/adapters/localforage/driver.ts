import { checkCall } from "../../core/check.ts";
import type { Awaitable, Store } from "../../core/contract.ts";
import { check, quote, StoreError } from "../../core/error.ts";
import { keys, texts } from "../peer/listing.ts";
import { peerOf, type Peer } from "../peer/peer.ts";
import { find, remove, set } from "../peer/values.ts";

type Callback = ((error: any, result?: any) => void) | null | undefined;

/** What localForage is to one of its drivers. */
interface Forage {
  ready(): Promise<unknown>;
  config(): { name?: string; storeName?: string };
  getSerializer(): Promise<Serializer>;
  _dbInfo: { peer: Peer; serializer: Serializer };
}

interface Serializer {
  serialize(value: unknown, callback: (text: string | null | undefined, error?: unknown) => void): void;
  deserialize(text: string): any;
}

/** Which instances a driver is asked about. */
interface Names {
  name?: string | undefined;
  storeName?: string | undefined;
}

/** A driver as `defineDriver` of localForage takes one. */
export interface LocalForageDriver {
  _driver: string;
  _support: true;
  _initStorage(options: any): Promise<void>;
  getItem(key: string, callback?: Callback): Promise<any>;
  setItem(key: string, value: any, callback?: Callback): Promise<any>;
  removeItem(key: string, callback?: Callback): Promise<void>;
  clear(callback?: Callback): Promise<void>;
  length(callback?: Callback): Promise<number>;
  key(index: number, callback?: Callback): Promise<any>;
  keys(callback?: Callback): Promise<string[]>;
  iterate(iterator: (value: any, key: string, number: number) => any, callback?: Callback): Promise<any>;
  /** Removes the values of one `storeName`, or of all of a `name` that were opened here. */
  dropInstance(options?: any, callback?: Callback): Promise<void>;
}

/** Hands the outcome to a callback, whose own failure is nobody else's. */
function answer<R>(result: Promise<R>, callback: any): Promise<R> {
  if (typeof callback === "function") {
    result.then((value) => callback(null, value), callback).catch(() => {});
  }
  return result;
}

function serialize(serializer: Serializer, key: string, given: any): Promise<string> {
  // Of a view only a part of its buffer is meant, and localForage would store the whole.
  const isPart = ArrayBuffer.isView(given) && given.byteLength < given.buffer.byteLength && "slice" in given;
  return new Promise((resolve, reject) => {
    serializer.serialize(isPart ? (given as Uint8Array).slice() : given, (text, cause) => {
      if (typeof text === "string") return resolve(text);
      const message = `Cannot encode key ${quote(key)}: expected what localForage can serialize, got ${quote(given)}`;
      return reject(new StoreError("cant-encode", message, { key, cause }));
    });
  });
}

/**
 * Returns a driver of localForage over stores: one for each `name` and `storeName`, which `open` returns and the first use opens.
 * All of localForage's types of values are kept, as its own serializer writes them; keys are any strings. `dropInstance` removes
 * values, and nothing closes a store.
 *
 * @example Puts an app's localForage into a store.
 * ```ts
 * import { memory, prefix } from "shelflife";
 * import { localforageDriver } from "shelflife/adapters/localforage";
 *
 * const store = memory(); // indexeddb({ database: "app" })
 * const driver = localforageDriver((name, storeName) => prefix(store, `${name}/${storeName}/`));
 * const defined = [driver]; // await localforage.defineDriver(driver); await localforage.setDriver(driver._driver)
 * console.log(defined[0]?._driver); // shelflife
 * ```
 */
export function localforageDriver(
  open: (name: string, storeName: string) => Awaitable<Store>,
  options: { driver?: string | undefined } = {},
): LocalForageDriver {
  const { driver = "shelflife" } = checkCall(options);
  check(typeof open === "function", "open", "a function", open);
  const opened = new Map<string, Promise<Peer>>();

  function peerFor(name: string, storeName: string): Promise<Peer> {
    const id = JSON.stringify([name, storeName]);
    let peer = opened.get(id);
    if (!peer) {
      peer = Promise.resolve(open(name, storeName)).then((store) => peerOf(store));
      opened.set(id, peer);
      // What failed is tried again.
      peer.catch(() => opened.delete(id));
    }
    return peer;
  }

  /** Makes a method that runs when localForage is ready, and hands its outcome to what follows its arguments. */
  function method<Args extends unknown[], R>(work: (info: Forage["_dbInfo"], ...args: Args) => Promise<R>) {
    return function (this: unknown, ...args: [...Args, callback?: Callback]): Promise<R> {
      const forage = this as Forage;
      const result = forage.ready().then(() => work(forage._dbInfo, ...(args as unknown as Args)));
      return answer(result, args[work.length - 1]);
    };
  }

  return {
    _driver: driver,
    _support: true,
    async _initStorage(this: unknown, { name = "", storeName = "" }: Names) {
      const forage = this as Forage;
      forage._dbInfo = { peer: await peerFor(name, storeName), serializer: await forage.getSerializer() };
    },
    getItem: method(async ({ peer, serializer }, key: string) => {
      const text = await find(peer, String(key));
      return text === undefined ? null : serializer.deserialize(text);
    }),
    setItem: method(async ({ peer, serializer }, key: string, given: unknown) => {
      const value = given === undefined ? null : given;
      await set(peer, String(key), await serialize(serializer, String(key), value));
      return value;
    }),
    removeItem: method(async ({ peer }, key: string) => void (await remove(peer, [String(key)]))),
    clear: method(({ peer }) => peer.store.clear()),
    length: method(async ({ peer }) => (await keys(peer)).length),
    key: method(async ({ peer }, index: number) => (await keys(peer))[index] ?? null),
    keys: method(({ peer }) => keys(peer)),
    iterate: method(
      async ({ peer, serializer }, iterator: (value: unknown, key: string, number: number) => unknown) => {
        let number = 1;
        for await (const [key, text] of texts(peer)) {
          const result = iterator(serializer.deserialize(text), key, number++);
          if (result !== undefined) return result;
        }
        return undefined;
      },
    ),
    dropInstance(this: unknown, given?: unknown, callback?: Callback) {
      const config = (this as Forage).config();
      const { name, storeName } = (typeof given === "object" && given ? given : {}) as Names;
      async function drop(): Promise<void> {
        if (!name || storeName)
          return (await peerFor(name ?? config.name!, storeName ?? config.storeName!)).store.clear();
        for (const [id, peer] of opened) if (JSON.parse(id)[0] === name) await (await peer).store.clear();
      }
      return answer(drop(), typeof given === "function" ? given : callback);
    },
  };
}
