import { contend, outrun } from "../core/contend.ts";
import type { Backend, Call, Entry, ManyDecision, Store } from "../core/contract.ts";
import { createStore } from "../core/createStore.ts";
import { StoreError } from "../core/error.ts";
import { isKey, maxKeyBytes } from "../core/key.ts";
import { checkOptions, storeRules, type StoreOptions } from "../core/options.ts";
import { createPending } from "../core/pending.ts";
import { groupSize, inGroups } from "./denoKv/groups.ts";
import type { DenoKvLike } from "./denoKv/kv.ts";
import { createListing } from "./denoKv/listing.ts";
import { createParts } from "./denoKv/parts.ts";
import { createPlaces, createReader } from "./denoKv/records.ts";
import { sweep } from "./denoKv/sweep.ts";
import { createWriter, type Choice } from "./denoKv/writer.ts";
import { checkMethods } from "./peer/methods.ts";

/** Where in a Deno KV a store lies. */
export interface DenoKvOptions extends StoreOptions {
  /** The first part of every key of the store in the Deno KV. What begins with another is left alone. @default "shelflife" */
  prefix?: string | undefined;
}

export type { DenoKvLike } from "./denoKv/kv.ts";

/**
 * Returns a store in a Deno KV, which `Deno.openKv` opens: a file, memory, or the database of Deno Deploy. Any number
 * of processes may share it. All atomic calls are optimistic commits, which are tried again when another process was
 * faster, and reject `conflict` after 64 times. `transact` takes up to 100 keys, of 80 KiB together; more are
 * `unsupported`. `setMany` and `deleteMany` are one commit for each 50 keys, and some may be done when they reject.
 * There is no `watch`: Deno KV follows keys that it is given one by one, and of a file only its own process.
 *
 * A value of up to 65,000 bytes lies in one record with its deadline, a larger one in parts that become visible, and
 * go, in one commit. Deno KV removes an expired value by itself within a day or two of its deadline, unless it has
 * parts; the store's sweeps, which read an index of deadlines, are sooner.
 *
 * Closing the store leaves the Deno KV open. `isPersistent` is true, also of `":memory:"`, which looks the same. Throws
 * `bad-config`.
 *
 * @example Counts visits in a Deno KV, where there is one.
 * ```ts
 * import { memory } from "shelflife";
 * import { denoKv, type DenoKvLike } from "shelflife/adapters/denoKv";
 *
 * const { Deno } = globalThis as { Deno?: { openKv(path: string): Promise<DenoKvLike> } };
 * const store = Deno ? denoKv(await Deno.openKv(":memory:")) : memory();
 * console.log(await store.increment("visits")); // 1
 * await store.close();
 * ```
 */
export function denoKv(kv: DenoKvLike, options: DenoKvOptions = {}): Store {
  const prefix = { expected: "a string of 1 to 512 UTF-8 bytes", test: isShortKey };
  const checked = checkOptions<DenoKvOptions>("denoKv", options, { ...storeRules, prefix });
  checkMethods("denoKv", kv, "kv must be a Deno KV", ["getMany", "list", "atomic"]);
  return createStore(denoKvBackend(kv, checked), checked);
}

function isShortKey(value: unknown): boolean {
  return isKey(value) && isKey(value + "\0".repeat(maxKeyBytes / 2));
}

function denoKvBackend(kv: DenoKvLike, { prefix = "shelflife" }: DenoKvOptions): Backend {
  const places = createPlaces(prefix);
  const reader = createReader(kv, places);
  const parts = createParts(kv, places);
  const writer = createWriter(kv, places, reader, parts);
  const list = createListing(kv, places, reader);
  const { track, settled } = createPending();

  const get = (key: string): Promise<Entry | undefined> =>
    contend(key, async () => reader.entry((await reader.heads([key]))[0]!), 0);

  function mutateMany(keys: readonly string[], decide: ManyDecision, call: Call): Promise<void> {
    const choose: Choice = async (found) => {
      const current = await Promise.all(found.map(reader.entry));
      return current.includes(outrun) ? outrun : decide(current as (Entry | undefined)[]);
    };
    return track(writer.change(keys, choose, call));
  }

  function write(items: readonly (readonly [key: string, entry: Entry])[], call: Call): Promise<void> {
    const [keys, entries] = [items.map(([key]) => key), items.map(([, entry]) => entry)];
    return track(writer.change(keys, async () => entries, call));
  }

  /** Removes keys, whatever lies there, and counts those that were live. */
  async function erase(keys: readonly string[], call: Call): Promise<number> {
    const removed = await track(writer.remove(keys, () => true, call));
    return removed.filter(({ head }) => head!.expiresAt > call.now()).length;
  }

  return {
    returnsCopies: true,
    isPersistent: () => true,
    get,
    set: (key, entry, call) => write([[key, entry]], call),
    delete: async (key, call) => (await erase([key], call)) > 0,
    mutate: (key, decide, call) => mutateMany([key], ([current]) => [decide(current)], call),
    mutateMany,
    head: async (key) => (await reader.heads([key]))[0]!.head,
    async getMany(keys) {
      const found = await reader.heads(keys);
      const entries = await Promise.all(found.map(reader.entry));
      return Promise.all(entries.map((entry, index) => (entry === outrun ? get(keys[index]!) : entry)));
    },
    setMany: async (items, call) => void (await inGroups(items, call, (group) => write(group, call))),
    deleteMany: async (keys, call) => {
      const counts = await inGroups(keys, call, (group) => erase(group, call));
      return counts.reduce((sum, count) => sum + count, 0);
    },
    async list(page, call) {
      const { found, cursor } = await list(page, call);
      const entries = found.map(({ key, head }) => {
        const size = head!.size ?? head!.value?.length;
        return { key, expiresAt: head!.expiresAt, ...(size === undefined ? {} : { size }) };
      });
      return { entries, cursor };
    },
    async listEntries(page, call) {
      const { found, cursor } = await list(page, call);
      const entries = await Promise.all(
        found.map(async (each) => {
          const read = await reader.entry(each);
          const entry = read === outrun ? await get(each.key) : read;
          return entry ? [{ key: each.key, value: entry.value, expiresAt: entry.expiresAt }] : [];
        }),
      );
      return { entries: entries.flat(), cursor };
    },
    async clear(options, call) {
      let cursor: string | undefined;
      do {
        const page = await list({ ...options, limit: groupSize, cursor }, call);
        await erase(
          page.found.map(({ key }) => key),
          call,
        );
        cursor = page.cursor;
      } while (cursor !== undefined);
    },
    sweep: (call) => track(sweep({ kv, places, writer, parts }, call)),
    watch() {
      throw new StoreError("unsupported", "Cannot watch a Deno KV: expected a medium that reports every change");
    },
    close: settled,
  };
}
