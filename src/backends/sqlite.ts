import type { Call, CompleteBackend, ManyDecision, Store } from "../core/contract.ts";
import { applyChosen } from "../core/applyChosen.ts";
import { createCompleteStore } from "../core/createCompleteStore.ts";
import { historyRule, readHistory, type HistoryOptions } from "../core/history.ts";
import { checkOptions, positiveInteger, storeRules, type StoreOptions } from "../core/options.ts";
import type { Factory } from "../core/registry.ts";
import { absolutePath } from "./sqlite/absolutePath.ts";
import { createChangeLog } from "./sqlite/changeLog.ts";
import { hasSqlite, type Client } from "./sqlite/client.ts";
import { createEntries, sweepBatch } from "./sqlite/entries.ts";
import { openFile } from "./sqlite/file.ts";
import { createHistory, createTrimmer, forgetAll } from "./sqlite/history.ts";
import type { Item, WorkOptions } from "./sqlite/job.ts";
import { createQuota } from "./sqlite/quota.ts";
import { createSlab } from "./sqlite/slab.ts";
import { createWatches } from "./sqlite/watches.ts";
import { createWorkQueue } from "./sqlite/workQueue.ts";

export type { HistoryOptions };

/** Where a SQLite store keeps its values. */
export interface SqliteOptions extends StoreOptions {
  /**
   * The file, in a folder that exists. A relative name counts from where the process is when the store is made, in a
   * configuration file from that file's folder. `":memory:"` keeps everything in memory, for this store alone.
   */
  path: string;
  /**
   * What a write that has resolved survives: the end of the process, or also (`"strict"`, several times slower) a power
   * failure. @default "relaxed"
   */
  durability?: "relaxed" | "strict" | undefined;
  /**
   * How large the file may grow, without the journal beside it: bytes. @default what the disk holds but for a reserve of up
   * to 4 MiB, without which nothing could be removed any more
   */
  maxBytes?: number | undefined;
  /**
   * How much of what changes is remembered in the file, for clients of a handler that were away: `true` is as much as by
   * default, `false` ends it. It is the file's: all processes that write to the file keep to what the last one asked for. A full
   * file forgets it first. @default as the file has it, which in a new one is nothing
   */
  history?: boolean | HistoryOptions | undefined;
}

declare module "../core/registry.ts" {
  interface Backends {
    sqlite: SqliteOptions;
  }
}

const memory = ":memory:";

const rules = {
  ...storeRules,
  path: {
    expected: 'the name of a file or ":memory:"',
    required: true,
    test: (value: unknown) => typeof value === "string" && value !== "" && !value.includes("\0"),
  },
  durability: {
    expected: '"relaxed" or "strict"',
    test: (value: unknown) => value === "relaxed" || value === "strict",
  },
  maxBytes: positiveInteger,
  history: historyRule,
};

/**
 * Returns a store in a SQLite file, by the SQLite that Node, Deno or Bun has built in. Any number of processes may share
 * the file. It is opened by the first call, which rejects `unsupported` where there is no SQLite, `unavailable` when the
 * file cannot be used, and `bad-config` when it is not a store's, or one of a later format. A new file is readable by its
 * owner alone (0600). One that is removed or replaced while it is open is noticed within a second of use: calls reject
 * `unavailable`, a file that is gone until it is back, a replaced one once. Throws `bad-config`.
 *
 * @example Counts visits in a file that several processes share.
 * ```ts
 * import { mkdtemp, rm } from "node:fs/promises";
 * import { sqlite } from "shelflife/backends/sqlite";
 *
 * const folder = await mkdtemp("/tmp/shelflife-");
 * const store = sqlite({ path: `${folder}/app.db` });
 * await store.increment("visits");
 * console.log(await store.increment("visits")); // 2
 * await store.close();
 * await rm(folder, { recursive: true });
 * ```
 */
export function sqlite(options: SqliteOptions): Store {
  return sqliteFactory.build(sqliteFactory.valid(options)) as Store;
}

/**
 * The factory of {@link sqlite}, which a registry opens by a name.
 *
 * @example Adds the backend to a registry of your own.
 * ```ts
 * import { createRegistry } from "shelflife";
 * import { sqliteFactory } from "shelflife/backends/sqlite";
 *
 * const registry = createRegistry({ sqlite: sqliteFactory });
 * const store = await registry.open({ backend: "sqlite", parameters: { path: ":memory:" } });
 * console.log(store.isPersistent()); // false
 * await store.close();
 * ```
 */
export const sqliteFactory: Factory<SqliteOptions> = {
  isAvailable: hasSqlite,
  valid: (parameters) => checkOptions<SqliteOptions>("sqlite", parameters, rules),
  locate: (options, resolve) => (options.path === memory ? options : { ...options, path: resolve(options.path) }),
  build: (options) => createCompleteStore(sqliteBackend(sqliteFactory.locate!(options, absolutePath)), options),
};

function sqliteBackend(options: SqliteOptions): CompleteBackend {
  // One clock for all: a full medium is swept, and a watch is kept up, without a call.
  // Fake clocks may come and go.
  const { path, maxBytes, now = () => Date.now() } = options;
  const history = readHistory(options.history);
  const slab = createSlab();
  const quota = createQuota(path, maxBytes);
  const log = createChangeLog(createTrimmer(now));
  const entries = createEntries(log, quota, now);
  const queue = createWorkQueue({
    path,
    open: () => openFile({ ...options, history }),
    begin(client) {
      log.begin(client);
      quota.begin(client);
    },
    end(client) {
      log.end(client, watches.id());
      quota.check(client);
    },
    committed(client) {
      if (log.hasGrown()) watches.grown();
      quota.committed(client);
    },
    put: entries.put,
    makeRoom,
  });
  const watches = createWatches(queue, log);

  /** Removes what is remembered of changes, and all that has expired, from a file that takes no more. */
  function makeRoom(client: Client): void {
    client.get("PRAGMA wal_checkpoint(TRUNCATE)");
    client.run("BEGIN IMMEDIATE");
    try {
      log.begin(client);
      forgetAll(client);
      while (entries.sweep(client, "") === sweepBatch);
      log.end(client, watches.id());
    } finally {
      client.run("COMMIT");
    }
    if (log.hasGrown()) watches.grown();
  }

  async function mutate(keys: readonly string[], decide: ManyDecision, options: WorkOptions): Promise<void> {
    const refused = await queue.write((client) => {
      const found = keys.map((key) => entries.read(client, key));
      let chosen: ReturnType<ManyDecision>;
      try {
        chosen = decide(found);
      } catch (error) {
        // Nothing is written yet, so that the others in the transaction need not do it again.
        return { error };
      }
      // What is to be written goes together, as far as nothing is removed in between.
      const items: Item[] = [];
      const put = (): void => entries.put(client, items.splice(0));
      applyChosen(
        keys,
        chosen,
        (key, entry) => items.push([key, entry]),
        (key, index) => {
          if (!found[index]) return;
          put();
          entries.remove(client, key);
        },
      );
      put();
      return undefined;
    }, options);
    if (refused) throw refused.error;
  }

  async function sweep({ prefix }: { readonly prefix: string }, { signal }: Call): Promise<number> {
    await queue.write((client) => log.ask(client, watches.id()));
    let count = 0;
    for (let removed = sweepBatch; removed === sweepBatch; count += removed) {
      signal?.throwIfAborted();
      removed = await queue.write((client) => entries.sweep(client, prefix));
    }
    // Whoever has asked for it takes what is reported until now for a part of it.
    if (count) await watches.caughtUp();
    return count;
  }

  return {
    // Every row is read into an array of its own.
    returnsCopies: true,
    holdsNothing: true,
    copiesValues: true,
    get: (key, { signal }) => queue.read(entries.read, { key, signal }),
    set: (key, entry, { signal }) => queue.put([key, slab.hold(entry)], signal),
    delete: (key, { signal }) => queue.write(entries.remove, { key, signal }),
    isPersistent: () => path !== memory,
    head: (key, { signal }) => queue.read(entries.head, { key, signal }),
    mutate: (key, decide, { signal }) => mutate([key], ([found]) => [decide(found)], { key, signal }),
    mutateMany: (keys, decide, { signal }) => mutate(keys, decide, { signal }),
    getMany: (keys, { signal }) =>
      queue.read((client) => keys.map((key) => entries.read(client, key)), { signal, isLong: true }),
    setMany(items, { signal }) {
      const held = items.map(([key, entry]): Item => [key, slab.hold(entry)]);
      return queue.write((client) => entries.put(client, held), { signal });
    },
    deleteMany: (keys, { signal }) =>
      queue.write((client) => keys.filter((key) => entries.remove(client, key)).length, { signal }),
    list: (page, { signal }) => queue.read((client) => entries.list(client, page), { signal }),
    listEntries: (page, { signal }) => queue.read((client) => entries.listEntries(client, page), { signal }),
    clear: ({ prefix }, { signal }) => queue.write((client) => entries.clear(client, prefix), { signal }),
    sweep: (call) => sweep({ prefix: "" }, call),
    sweepWithin: sweep,
    soonest: ({ signal }) => queue.read(entries.soonest, { signal }),
    watch: (_, observer) => watches.watch(observer),
    changes: createHistory(queue, history, path),
    async close() {
      await watches.close();
      await queue.close();
    },
  };
}
