import {
  UNCHANGED,
  type Backend,
  type Call,
  type Entry,
  type ManyDecision,
  type Observer,
} from "../../core/contract.ts";
import { isStoreError, StoreError } from "../../core/error.ts";
import { isKey } from "../../core/key.ts";
import type { KeyChange } from "../../core/keyChange.ts";
import { decode, decodeNow, encode } from "../peer/clones.ts";
import { createSoonest } from "../peer/deadlines.ts";
import { visitPairs } from "./range.ts";
import { reporterOf } from "./reporter.ts";
import { resultOf, run } from "./transactions.ts";
import type { Use } from "./use.ts";

/** Returns a backend over an object store of an app's, and what finds the keys in it that no store can have. */
export function idbBackend(given: Use): Backend & { strays(prefix: string): Promise<string[]> } {
  const { use, hub, report, close } = reporterOf(given);

  /** Does work that writes in one transaction, reports its changes and returns them. */
  async function write(
    call: Call,
    work: (store: IDBObjectStore, changes: KeyChange[]) => Promise<unknown>,
    key?: string,
  ): Promise<KeyChange[]> {
    call.signal?.throwIfAborted();
    const attempt = (): Promise<KeyChange[]> =>
      run(
        use,
        "readwrite",
        async (store) => {
          const changes: KeyChange[] = [];
          await work(store, changes);
          return changes;
        },
        key,
      );
    const changes = await attempt().catch(async (error: unknown) => {
      if (!isStoreError(error, "quota-exceeded") || !(await sweep("", call))) throw error;
      return attempt();
    });
    await report(changes);
    return changes;
  }

  async function sweep(prefix: string, call: Call): Promise<number> {
    const now = call.now();
    const removed = await run(use, "readwrite", (store) =>
      removeWithin(store, prefix, now, ({ expiresAt }) => expiresAt <= now),
    );
    await report(removed);
    return removed.length;
  }

  async function mutateMany(keys: readonly string[], decide: ManyDecision, call: Call): Promise<void> {
    await write(call, async (store, changes) => {
      const found = await Promise.all(keys.map((key) => resultOf(store.get(key))));
      const current = found.map((value, index) => decodeNow(keys[index]!, value));
      for (const [index, next] of decide(current).entries()) {
        const key = keys[index]!;
        if (next === UNCHANGED) continue;
        if (next) changes.push(put(store, key, next));
        else if (current[index]) changes.push(drop(store, key, current[index], call.now()));
      }
    });
  }

  async function deleteMany(keys: readonly string[], call: Call): Promise<number> {
    const removed = await write(call, async (store, changes) => {
      const found = await Promise.all(keys.map((key) => resultOf(store.get(key))));
      for (const [index, key] of keys.entries()) {
        const entry = decodeNow(key, found[index]);
        if (entry) changes.push(drop(store, key, entry, call.now()));
      }
    });
    return removed.filter(({ type }) => type === "delete").length;
  }

  async function allKeys(): Promise<IDBValidKey[]> {
    return run(use, "readonly", (store) => resultOf(store.getAllKeys()));
  }

  const read = async (key: string): Promise<Entry | undefined> =>
    decode(key, await run(use, "readonly", (store) => resultOf(store.get(key)), key));

  let soonest: ((call: Call) => Promise<number>) | undefined;

  return {
    get: read,
    set: async (key, entry, call) => void (await write(call, async (store, changes) => changes.push(put(store, key, entry)), key)), // prettier-ignore
    delete: async (key, call) => (await deleteMany([key], call)) > 0,
    isPersistent: () => true,
    mutate: (key, decide, call) => mutateMany([key], ([current]) => [decide(current)], call),
    mutateMany,
    async getMany(keys) {
      const found = await run(use, "readonly", (store) => Promise.all(keys.map((key) => resultOf(store.get(key)))));
      return Promise.all(keys.map((key, index) => decode(key, found[index])));
    },
    async setMany(items, call) {
      await write(call, async (store, changes) => {
        for (const [key, entry] of items) changes.push(put(store, key, entry));
      });
    },
    deleteMany,
    list: ({ prefix, limit, cursor }) => run(use, "readonly", (store) => listPage(store, prefix, limit, cursor)),
    async clear({ prefix }, call) {
      await report(await run(use, "readwrite", (store) => removeWithin(store, prefix, call.now(), () => true)));
    },
    sweep: (call) => sweep("", call),
    sweepWithin: ({ prefix }, call) => sweep(prefix, call),
    async soonest(call) {
      const keys = async (): Promise<string[]> => (await allKeys()).filter(isKey);
      soonest ??= createSoonest({ keys, read }, await hub());
      return soonest(call);
    },
    watch: async (_: unknown, observer: Observer) => (await hub()).watch(observer),
    async strays(prefix) {
      const names = (await allKeys()).filter((key) => !isKey(key)).map(String);
      return names.filter((name) => name.startsWith(prefix));
    },
    close,
  };
}

function put(store: IDBObjectStore, key: string, entry: Entry): KeyChange {
  if (store.keyPath === null) {
    store.put(encode(entry), key);
    return { type: "set", key };
  }
  const message = "Cannot write: expected an object store whose keys are apart from its values";
  throw new StoreError("unsupported", message, { key });
}

function drop(store: IDBObjectStore, key: string, { expiresAt }: Entry, now: number): KeyChange {
  store.delete(key);
  return { type: expiresAt > now ? "delete" : "expire", key };
}

async function removeWithin(
  store: IDBObjectStore,
  prefix: string,
  now: number,
  isVictim: (entry: Entry) => boolean,
): Promise<KeyChange[]> {
  const changes: KeyChange[] = [];
  await visitPairs(store, prefix, undefined, ({ key, found }) => {
    const entry = decodeNow(key, found);
    if (entry && isVictim(entry)) changes.push(drop(store, key, entry, now));
  });
  return changes;
}

async function listPage(
  store: IDBObjectStore,
  prefix: string,
  limit: number,
  cursor: string | undefined,
): Promise<{ entries: { key: string; expiresAt: number; size: number | undefined }[]; cursor?: string }> {
  const entries: { key: string; expiresAt: number; size: number | undefined }[] = [];
  let isMore = false;
  // A cursor is what follows the prefix in the last key, so that any text is a position within the prefix.
  await visitPairs(store, prefix, cursor === undefined ? cursor : prefix + cursor, ({ key, found }) => {
    if (entries.length === limit) return !(isMore = true);
    const entry = decodeNow(key, found);
    if (entry) entries.push({ key, expiresAt: entry.expiresAt, size: sizeOf(entry) });
    return true;
  });
  return isMore ? { entries, cursor: entries.at(-1)!.key.slice(prefix.length) } : { entries };
}

/** The length of a value, if it can be read. */
function sizeOf(entry: Entry): number | undefined {
  try {
    return entry.value.length;
  } catch {
    return undefined;
  }
}
