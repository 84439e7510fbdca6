import localforage from "localforage";
import { createStorage } from "unstorage";
import unstorageDriver from "unstorage/drivers/localstorage";
import { localstorage } from "../../src/backends/localstorage.ts";
import { json } from "../../src/views/json.ts";
import { listKeys } from "../storePeer.ts";
import {
  bytesOf,
  fill,
  itemsOf,
  getting,
  group,
  profileOf,
  setting,
  timed,
  works,
  type Makes,
  type PageWork,
} from "./work.ts";

/** Those with JSON values, or with bytes. */
const makes = (isJson: boolean): Makes => ({
  shelflife(name) {
    const bytes = localstorage({ prefix: `${name}:`, sweepInterval: Infinity });
    const store = isJson ? json<any>(bytes) : bytes;
    return {
      set: (key, value) => store.set(key, value),
      get: (key) => store.find(key),
      keys: () => listKeys(store),
    };
  },
  localForage(name) {
    const forage = localforage.createInstance({ name, driver: localforage.LOCALSTORAGE });
    return {
      set: (key, value) => forage.setItem(key, value),
      get: (key) => forage.getItem(key),
      keys: () => forage.keys(),
    };
  },
  unstorage(name) {
    const storage = createStorage({ driver: unstorageDriver({ base: name }) });
    return {
      set: isJson ? (key, value) => storage.setItem(key, value) : (key, value) => storage.setItemRaw(key, value),
      get: isJson ? (key) => storage.getItem(key) : (key) => storage.getItemRaw(key),
      keys: () => storage.getKeys(),
    };
  },
  /** Text as the page itself would keep it; of bytes, one unit each. */
  "bare localStorage"(name) {
    const encode = isJson
      ? (value: unknown): string => JSON.stringify(value)
      : (value: unknown): string => String.fromCharCode(...(value as Uint8Array));
    const decode = isJson
      ? (text: string): unknown => JSON.parse(text)
      : (text: string): unknown => Uint8Array.from(text, (unit) => unit.charCodeAt(0));
    return {
      async set(key, value) {
        localStorage.setItem(`${name}:${key}`, encode(value));
      },
      async get(key) {
        const text = localStorage.getItem(`${name}:${key}`);
        return text === null ? undefined : decode(text);
      },
      keys: async () =>
        Object.keys(localStorage)
          .filter((key) => key.startsWith(`${name}:`))
          .map((key) => key.slice(name.length + 1)),
    };
  },
});

const bytes = group("bytes", makes(false));
const profiles = group("json", makes(true));
// A round is soon done: more of them.
const burst = { calls: 1000, callers: Infinity, valueOf: bytesOf(100), times: 10, share: 3 };
const profile = { ...burst, calls: 400, valueOf: profileOf };

/** What is measured of localStorage. */
export const localstorageWorks: readonly PageWork[] = [
  setting({ ...burst, title: "burst set, 100 B" }, bytes),
  getting({ ...burst, title: "burst get, 100 B" }, bytes),
  getting({ ...burst, title: "burst get, misses", misses: true }, bytes),
  setting({ ...burst, callers: 1, title: "sequential set, 100 B" }, bytes),
  getting({ ...burst, callers: 1, title: "sequential get, 100 B" }, bytes),
  setting({ ...profile, title: "burst set, 1 kB JSON" }, profiles),
  getting({ ...profile, title: "burst get, 1 kB JSON" }, profiles),
  setting({ ...profile, callers: 1, title: "sequential set, 1 kB JSON" }, profiles),
  getting({ ...profile, callers: 1, title: "sequential get, 1 kB JSON" }, profiles),
  works({ ...burst, title: "listing 1,000 keys" }, bytes, async (peer, round) => {
    if (round === 0) await fill(peer, itemsOf(burst.calls, burst.valueOf, 0));
    let keys: readonly unknown[] = [];
    const took = await timed(async () => {
      for (let time = 0; time < burst.times; time++) keys = await peer.keys!();
    });
    if (new Set(keys).size !== burst.calls) throw new Error(`${keys.length} keys of ${burst.calls} were listed`);
    return took / burst.times;
  }),
];
