import type { Call, CompleteBackend, Store } from "../core/contract.ts";
import { createCompleteStore } from "../core/createCompleteStore.ts";
import { historyRule, readHistory, type HistoryOptions } from "../core/history.ts";
import { checkOptions, storeRules, type StoreOptions } from "../core/options.ts";
import { createPending } from "../core/pending.ts";
import type { Factory } from "../core/registry.ts";
import type { ValkeyClient } from "./valkey/client.ts";
import { createClock } from "./valkey/clock.ts";
import { databaseOf, rulesFor, type ValkeyServers } from "./valkey/config.ts";
import { createConnection } from "./valkey/connection.ts";
import { valkeyError } from "./valkey/error.ts";
import { createChangeHistory } from "./valkey/history.ts";
import { createList } from "./valkey/list.ts";
import { createListings } from "./valkey/listings.ts";
import { createMutations } from "./valkey/mutations.ts";
import { createNames } from "./valkey/names.ts";
import { createPipeline } from "./valkey/pipeline.ts";
import { createScan } from "./valkey/scan.ts";
import { nameBeside } from "./valkey/slots.ts";
import { noArgs, readDone, readEntry, readHead, readNothing, readTaken, stepsOf, type Step } from "./valkey/step.ts";
import { createSoonest, createSweep } from "./valkey/sweep.ts";
import { createWatches } from "./valkey/watch.ts";

export type { ValkeySentinel, ValkeyServers } from "./valkey/config.ts";
export type { ValkeyClient } from "./valkey/client.ts";
export type { HistoryOptions };

/** Where a store in Valkey or Redis is, and how it is reached. */
export interface ValkeyOptions extends StoreOptions, ValkeyServers {
  /**
   * How much of what changes is remembered beside the values, for clients of a handler that were away: `true` is as much as by
   * default, `false` ends it. It is the server's: all stores of the prefix that write keep to what the last handler asked for.
   * In a cluster there is none unless the prefix has a {tag}. @default as it is there, which at first is nothing
   */
  history?: boolean | HistoryOptions | undefined;
}

declare module "../core/registry.ts" {
  interface Backends {
    valkey: ValkeyOptions;
  }
}

/**
 * Returns a store on a server of Valkey, or of Redis from 7.0: one, a cluster, or one that sentinels name. Values are
 * plain strings under `prefix` and key, with the server's own expiry, which other clients can read and write; only
 * where a prefix overlaps with another store's, their names are set apart. Everything that changes a key is one script
 * on the server, which also publishes the change. The server's clock decides about expiry; with a `now`, that does, and
 * all stores on the data need one. Throws `bad-config`; calls reject it where there are values that could be of two
 * stores.
 *
 * A call waits for a connection as long as `timeout`, and then rejects `unavailable`. Reads are repeated once when a
 * connection breaks; of a write that got no answer nobody knows whether it was done, and it rejects `unavailable`. A watch
 * yields `resync` when a connection breaks, at the latest 10 s after it fell silent, and again when it is back. It reports
 * what stores of the same prefix do. Of what other clients do it reports only that a value with a deadline is gone.
 *
 * @example Names a server, which the first call connects to.
 * ```ts
 * import { valkey } from "shelflife/backends/valkey";
 *
 * const store = valkey({ url: "redis://127.0.0.1:6379", prefix: "app:", timeout: 2000 });
 * console.log(store.isPersistent()); // true
 * await store.close();
 * ```
 */
export function valkey(options: ValkeyOptions): Store {
  return valkeyFactory.build(valkeyFactory.valid(options)) as Store;
}

/**
 * The factory of {@link valkey}, which a registry opens by a name.
 *
 * @example Adds the backend to a registry of your own.
 * ```ts
 * import { createRegistry } from "shelflife";
 * import { valkeyFactory } from "shelflife/backends/valkey";
 *
 * const registry = createRegistry({ valkey: valkeyFactory });
 * console.log(registry.methods()); // [ 'valkey' ]
 * ```
 */
export const valkeyFactory: Factory<ValkeyOptions> = {
  valid: (parameters) =>
    checkOptions<ValkeyOptions>("valkey", parameters, { ...storeRules, ...rulesFor(parameters), history: historyRule }),
  build: (options) => createCompleteStore(valkeyBackend(options), options),
};

// As many keys are read by one script, as they are together. So many hold a server up for no longer than a page of a listing.
const maxRead = 1000;

function valkeyBackend(options: ValkeyOptions): CompleteBackend {
  const { prefix = "", timeout = 5000, now } = options;
  const clock = createClock(now);
  const connection = createConnection({ ...options, timeout }, clock);
  // Changes of all databases of a server are published in one space.
  const names = createNames(prefix);
  const channel = nameBeside(prefix, `changes ${databaseOf(options)}`);
  const pipeline = createPipeline({ connection, clock, names, timeout, channel });
  const { ask, askOne, hold } = pipeline;
  const mutations = createMutations(pipeline);
  const scan = createScan(names, nodes);
  const list = createList(createListings(scan), pipeline);
  const soonest = createSoonest(pipeline, clock);
  const sweep = createSweep(pipeline, clock, names);
  const history = createChangeHistory(pipeline, names, readHistory(options.history));
  const watches = createWatches(channel, names, nodes);
  const pending = createPending();

  async function nodes(): Promise<readonly ValkeyClient[]> {
    const client = await pipeline.ready();
    return client.nodes?.("master") ?? [client];
  }

  /** Rejects with a store's error in place of a client's; a store that closes waits for it. */
  function track<R>(work: Promise<R>): Promise<R> {
    return pending.track(work.catch((error: unknown) => Promise.reject(valkeyError(error))));
  }

  async function sweepAndReport(options: { readonly prefix: string }, call: Call): Promise<number> {
    const count = await sweep(options, call);
    await history.trim();
    // Whoever has asked for it takes what is reported until now for a part of it.
    if (count) await watches.caughtUp();
    return count;
  }

  async function deleteMany(keys: readonly string[], signal: AbortSignal | undefined): Promise<number> {
    const deleted = await ask(stepsOf("delete", keys), { signal }, readDone);
    return deleted.filter(Boolean).length;
  }

  return {
    isPersistent: () => true,
    // A value is copied as what the client can send.
    copiesValues: true,
    get: (key, { signal }) => askOne("get", key, noArgs, signal, readEntry),
    set: (key, { value, expiresAt }, { signal }) => askOne("set", key, [hold(value), expiresAt], signal, readNothing),
    delete: (key, { signal }) => askOne("delete", key, noArgs, signal, readDone),
    mutate: mutations.mutate,
    mutateMany: mutations.mutateMany,
    head: (key, { signal }) => askOne("head", key, noArgs, signal, readHead),
    getMany: (keys, { signal }) => ask(stepsOf("get", keys), { signal, isWhole: keys.length <= maxRead }, readEntry),
    async setMany(items, { signal }) {
      const steps = items.map(([key, { value, expiresAt }]): Step => ({ name: "set", key, args: [hold(value), expiresAt] })); // prettier-ignore
      await ask(steps, { signal, isWhole: true }, readNothing);
    },
    deleteMany: (keys, { signal }) => deleteMany(keys, signal),
    list: (page, call) => track(list(page, call)),
    clear: ({ prefix }, { signal }) =>
      track(
        scan(prefix, (keys) => {
          signal?.throwIfAborted();
          return deleteMany(keys, signal);
        }),
      ),
    sweep: (call) => track(sweepAndReport({ prefix: "" }, call)),
    sweepWithin: (options, call) => track(sweepAndReport(options, call)),
    soonest: () => track(soonest()),
    watch: (_, observer) => track(watches.watch(observer)),
    changes: history.read,
    async close() {
      watches.close();
      await Promise.all([pending.settled(), mutations.settled()]);
      await pipeline.settled();
      await connection.close();
    },
    take: (key, { signal }) => askOne("take", key, noArgs, signal, readTaken),
    increment: mutations.increment,
    touch: (key, expiresAt, { signal }) => askOne("touch", key, [expiresAt], signal, readDone),
  };
}
