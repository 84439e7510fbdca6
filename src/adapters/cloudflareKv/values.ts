import type { Call, Entry } from "../../core/contract.ts";
import { check, type StoreError } from "../../core/error.ts";
import { withCode } from "./failure.ts";
import { deadlineOf, type Names } from "./names.ts";
import type { KvNamespaceLike, KvPage } from "./namespace.ts";

/** How many names Cloudflare KV lists at once. */
export const maxPage = 1000;
// The shortest lifetime that it takes, in seconds.
const shortest = 60;

/** The values of a namespace, by their keys. */
export interface Values {
  get(key: string): Promise<Entry | undefined>;
  /** Reads a deadline, and leaves the value where it is. */
  head(key: string): Promise<{ expiresAt: number } | undefined>;
  put(key: string, entry: Entry, call: Call): Promise<void>;
  /** Reads a page of the names that a prefix may begin. */
  list(prefix: string, limit: number, cursor: string | undefined): Promise<KvPage>;
}

export function createValues(namespace: KvNamespaceLike, names: Names): Values {
  async function read(
    key: string,
    type: "arrayBuffer" | "stream",
  ): Promise<{ value: any; expiresAt: number } | undefined> {
    const { name } = await names.place(key);
    const { value, metadata } = await withCode(key, () => namespace.getWithMetadata(name, type));
    if (value === null) return undefined;
    return { value, expiresAt: deadlineOf(metadata) };
  }

  async function get(key: string): Promise<Entry | undefined> {
    const found = await read(key, "arrayBuffer");
    return found && { ...found, value: new Uint8Array(found.value) };
  }

  async function head(key: string): Promise<{ expiresAt: number } | undefined> {
    const found = await read(key, "stream");
    found?.value.cancel().catch(() => {});
    return found && { expiresAt: found.expiresAt };
  }

  async function put(key: string, { value, expiresAt }: Entry, { now }: Call): Promise<void> {
    const { name, rest } = await names.place(key);
    const isEndless = expiresAt === Infinity;
    const metadata = { ...(isEndless ? {} : { expiresAt }), ...(rest === undefined ? {} : { rest }) };
    const options = {
      ...(isEndless ? {} : { expirationTtl: Math.max(shortest, Math.ceil((expiresAt - now()) / 1000)) }),
      ...(isEndless && rest === undefined ? {} : { metadata: { shelflife: metadata } }),
    };
    await withCode(key, () => namespace.put(name, value, options));
  }

  async function list(start: string, limit: number, cursor: string | undefined): Promise<KvPage> {
    const options = { prefix: names.beginning(start), limit: Math.min(limit, maxPage), ...(cursor && { cursor }) };
    return withCode(undefined, () => namespace.list(options)).catch((error: StoreError) => {
      // Cloudflare KV knows its own cursors.
      check(!cursor || !/\b400\b/.test(error.message), "cursor", "the cursor of a page", cursor);
      throw error;
    });
  }

  return { get, head, put, list };
}
