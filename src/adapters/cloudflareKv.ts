import type { Backend, Call, Entry, Store } from "../core/contract.ts";
import { createStore } from "../core/createStore.ts";
import { quote, StoreError } from "../core/error.ts";
import { isKey } from "../core/key.ts";
import { checkOptions, storeRules, type StoreOptions } from "../core/options.ts";
import { createTurns } from "../core/turns.ts";
import { encodeText } from "../core/utf8.ts";
import { withCode } from "./cloudflareKv/failure.ts";
import { createNames, deadlineOf } from "./cloudflareKv/names.ts";
import type { KvNamespaceLike } from "./cloudflareKv/namespace.ts";
import { createValues, maxPage } from "./cloudflareKv/values.ts";
import { createKeyWork } from "./peer/keyWork.ts";
import { checkMethods } from "./peer/methods.ts";

/** Where in a namespace a store lies. */
export interface CloudflareKvOptions extends Pick<StoreOptions, "now"> {
  /** What the names of all values in the namespace begin with, up to 128 bytes. What begins with another is left alone. @default "" */
  prefix?: string | undefined;
}

export type { KvNamespaceLike, KvPage } from "./cloudflareKv/namespace.ts";

/**
 * Returns a store in a namespace of Cloudflare KV, as a Worker has it in its `env`. **It is eventually consistent**:
 * what one Worker wrote, others read after up to a minute, or longer where they have read the key before, a miss
 * included. So there are no atomic calls, no `watch` and no `sweep`, which reject `unsupported`.
 *
 * Expiry is exact all the same: the deadline lies beside the value, and the store never returns what is past it.
 * Cloudflare KV removes an expired value by itself, at its deadline or a minute after it was written, whichever is
 * later.
 *
 * A value lies under its key as the bytes that it is, so that what other programs write there reads as bytes without a
 * deadline. A key that is too long for a name lies under its beginning and its SHA-256. A value of more than 25 MiB is
 * `quota-exceeded`. A write of many is a request for each, and some may be written when it rejects. Throws
 * `bad-config`.
 *
 * @example Answers a Worker's requests from its namespace.
 * ```ts
 * import { json } from "shelflife";
 * import { cloudflareKv, type KvNamespaceLike } from "shelflife/adapters/cloudflareKv";
 *
 * async function fetch(request: Request, env: { SETTINGS?: KvNamespaceLike }): Promise<Response> {
 *   if (!env.SETTINGS) return new Response(`No namespace for ${request.url}`, { status: 500 });
 *   const settings = json<string>(cloudflareKv(env.SETTINGS));
 *   return Response.json((await settings.find("theme")) ?? "light");
 * }
 * console.log((await fetch(new Request("https://app.example/"), {})).status); // 500
 * ```
 */
export function cloudflareKv(namespace: KvNamespaceLike, options: CloudflareKvOptions = {}): Store {
  const prefix = {
    expected: "a string of up to 128 UTF-8 bytes",
    test: (value: unknown) => value === "" || (isKey(value) && encodeText(value).length <= 128),
  };
  const checked = checkOptions<CloudflareKvOptions>("cloudflareKv", options, { now: storeRules.now, prefix });
  checkMethods("cloudflareKv", namespace, "namespace must be one of Cloudflare KV", [
    "getWithMetadata",
    "put",
    "delete",
    "list",
  ]);
  return createStore(cloudflareKvBackend(namespace, checked), checked);
}

// What Cloudflare KV takes.
const maxValue = 25 * 1024 * 1024;

function cloudflareKvBackend(namespace: KvNamespaceLike, { prefix = "" }: CloudflareKvOptions): Backend {
  const names = createNames(prefix);
  const { get, head, put, list } = createValues(namespace, names);
  const { change, settled } = createKeyWork(createTurns());

  function checkSize(key: string, { value: { length } }: Entry): void {
    if (length <= maxValue) return;
    const message = `Cannot write key ${quote(key)}: expected at most ${maxValue} bytes, got ${length}`;
    throw new StoreError("quota-exceeded", message, { key });
  }

  /** Removes a value, and returns whether it was live. */
  function erase(key: string, call: Call): Promise<boolean> {
    return change(key, call, async () => {
      const [{ name }, found] = await Promise.all([names.place(key), head(key)]);
      if (!found) return false;
      call.signal?.throwIfAborted();
      await withCode(key, () => namespace.delete(name));
      return found.expiresAt > call.now();
    });
  }

  const set = (key: string, entry: Entry, call: Call): Promise<void> => change(key, call, () => put(key, entry, call));

  return {
    returnsCopies: true,
    isPersistent: () => true,
    get,
    head,
    async set(key, entry, call) {
      checkSize(key, entry);
      await set(key, entry, call);
    },
    delete: erase,
    async setMany(items, call) {
      for (const [key, entry] of items) checkSize(key, entry);
      await Promise.all(items.map(([key, entry]) => set(key, entry, call)));
    },
    async deleteMany(keys, call) {
      const wereLive = await Promise.all(keys.map((key) => erase(key, call)));
      return wereLive.filter(Boolean).length;
    },
    async list({ prefix: start, limit, cursor }) {
      const page = await list(start, limit, cursor);
      const entries = page.keys.flatMap(({ name, metadata }) => {
        const key = names.keyOf(name, metadata);
        const isOurs = key !== undefined && key.startsWith(start) && isKey(key);
        return isOurs ? [{ key, expiresAt: deadlineOf(metadata) }] : [];
      });
      return page.list_complete ? { entries } : { entries, cursor: page.cursor };
    },
    async clear({ prefix: start }, call) {
      let cursor: string | undefined;
      do {
        call.signal?.throwIfAborted();
        const page = await list(start, maxPage, cursor);
        const keys = page.keys.map(({ name, metadata }) => names.keyOf(name, metadata));
        await Promise.all(
          page.keys.map(async ({ name }, index) => {
            const key = keys[index];
            if (key?.startsWith(start)) await change(key, call, () => withCode(key, () => namespace.delete(name)));
          }),
        );
        cursor = page.list_complete ? undefined : page.cursor;
      } while (cursor !== undefined);
    },
    mutate() {
      throw new StoreError("unsupported", "Cannot do this in one step: expected a medium with transactions");
    },
    watch() {
      throw new StoreError("unsupported", "Cannot watch Cloudflare KV: expected a medium that reports changes");
    },
    close: settled,
  };
}
