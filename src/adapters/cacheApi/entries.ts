import type { Call, Entry } from "../../core/contract.ts";
import { quote, StoreError } from "../../core/error.ts";
import { isKey } from "../../core/key.ts";
import type { CacheLike } from "./cache.ts";

// Holds the deadline, epoch ms or "Infinity", and how many bytes the value has.
const header = "shelflife-entry";
const year = 31_536_000;

/** What is known of an entry without its value. */
export interface Head {
  readonly expiresAt: number;
  readonly size?: number;
}

/** The entries of a Cache, without regard to other writers. */
export interface Entries {
  read(key: string): Promise<Entry | undefined>;
  head(key: string): Promise<Head | undefined>;
  put(key: string, entry: Entry, call: Call): Promise<void>;
  drop(key: string): Promise<void>;
  /** Returns the keys that begin with a prefix, sorted. */
  keys(prefix: string): Promise<string[]>;
  /** The address of a key. */
  urlOf(key: string): string;
}

async function withCode<R>(key: string | undefined, call: () => Promise<R>): Promise<R> {
  try {
    return await call();
  } catch (cause) {
    const { name, message } = (cause ?? {}) as Partial<Error>;
    const what = key === undefined ? "Cannot use the cache" : `Cannot use the cache for key ${quote(key)}`;
    if (/quota/i.test(`${name} ${message}`)) {
      throw new StoreError("quota-exceeded", `${what}: expected room for the value`, { key, cause });
    }
    throw new StoreError("unavailable", `${what}: expected it to work, got ${quote(message ?? cause)}`, { key, cause });
  }
}

export function createEntries(cache: CacheLike, base: string): Entries {
  // The sign keeps "." and ".." from being steps of a path.
  const start = `${base}=`;
  const urlOf = (key: string): string => start + encodeURIComponent(key);

  const find = (key: string): Promise<Response | undefined> => withCode(key, () => cache.match(urlOf(key)));

  function headOf({ headers }: Response): Head {
    const [expiresAt, size] = (headers.get(header) ?? "").split(" ").map(Number);
    // What no store has written never expires.
    return size === undefined ? { expiresAt: Infinity } : { expiresAt: expiresAt!, size };
  }

  return {
    urlOf,
    async read(key) {
      const response = await find(key);
      if (!response) return undefined;
      const { expiresAt, size } = headOf(response);
      const value = new Uint8Array(await withCode(key, () => response.arrayBuffer()));
      if (size === undefined || size === value.length) return { value, expiresAt };
      return {
        expiresAt,
        get value(): never {
          const expected = `expected ${size} bytes, got ${value.length}`;
          throw new StoreError("cant-decode", `Cannot decode key ${quote(key)}: ${expected}`, { key });
        },
      };
    },
    async head(key) {
      const response = await find(key);
      // What is not read would stay open. Of a clone this does not settle before the other one is done.
      response?.body?.cancel().catch(() => {});
      return response && headOf(response);
    },
    async put(key, { value, expiresAt }, { now }) {
      // A cache at the edge goes by this, and would keep nothing for ever.
      const seconds = Math.min(year, Math.ceil((expiresAt - now()) / 1000));
      const headers = {
        "cache-control": `max-age=${seconds}`,
        "content-type": "application/octet-stream",
        [header]: `${expiresAt} ${value.length}`,
      };
      await withCode(key, () => cache.put(urlOf(key), new Response(value as Uint8Array<ArrayBuffer>, { headers })));
    },
    async drop(key) {
      await withCode(key, () => cache.delete(urlOf(key)));
    },
    async keys(prefix) {
      const found = await withCode(undefined, () => cache.keys!());
      const keys = found.flatMap(({ url }) => (url.startsWith(start) ? [decode(url.slice(start.length))] : []));
      const ours = keys.filter((key): key is string => isKey(key) && key.startsWith(prefix));
      return ours.sort();
    },
  };
}

/** The key of what follows the sign in an address, if it is one. */
function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
