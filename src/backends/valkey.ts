import {
  UNCHANGED,
  type Call,
  type Decision,
  type CompleteBackend,
  type Listed,
  type Page,
  type Store,
} from "../core/contract.ts";
import { createCompleteStore } from "../core/createCompleteStore.ts";
import { quote, StoreError } from "../core/error.ts";
import { checkOptions, storeRules, type StoreOptions } from "../core/options.ts";
import type { Factory } from "../core/registry.ts";
import { add } from "../core/value.ts";
import { databaseOf, rulesFor, type ValkeyServers } from "./valkey/config.ts";
import { createConnection, type ValkeyClient } from "./valkey/connection.ts";
import { describe } from "./valkey/error.ts";
import { createLister } from "./valkey/listing.ts";
import { createQueue } from "./valkey/queue.ts";
import { absent, declined, readDone, readEntry, readHead, type Reader, type Step } from "./valkey/script.ts";
import { nameBeside, slotCount } from "./valkey/slots.ts";
import { createFeed } from "./valkey/watch.ts";

export type { ValkeySentinel, ValkeyServers } from "./valkey/config.ts";
export type { ValkeyClient } from "./valkey/connection.ts";

/** Where a store in Valkey or Redis is, and how it is reached. */
export interface ValkeyOptions extends StoreOptions, ValkeyServers {}

declare module "../core/registry.ts" {
  interface Backends {
    valkey: ValkeyOptions;
  }
}

/**
 * Returns a store on a server of Valkey, or of Redis from 7.0: one, a cluster, or one that sentinels name. Values are plain
 * strings under `prefix` and key, with the server's own expiry, which other clients can read and write. Everything that
 * changes a key is one script on the server, which also publishes the change. The server's clock decides about expiry;
 * with a `now`, that does, and all stores on the data need one. Throws `bad-config`.
 *
 * A call waits for a connection as long as `timeout`, and then rejects `unavailable`. Reads are repeated once when a
 * connection breaks; of a write that got no answer nobody knows whether it was done, and it rejects `unavailable`. A watch
 * rejects `unavailable` when a connection breaks, because what was told meanwhile is lost. It tells what stores of the same
 * prefix do; what other clients do, it does not tell, but that a value with a deadline is gone.
 */
export function valkey(options: ValkeyOptions): Store {
  return valkeyFactory.build(valkeyFactory.valid(options)) as Store;
}

export const valkeyFactory: Factory<ValkeyOptions> = {
  valid: (parameters) => checkOptions<ValkeyOptions>("valkey", parameters, { ...storeRules, ...rulesFor(parameters) }),
  build: (options) => createCompleteStore(valkeyBackend(options), options),
};

// Of those who fight for a key one wins each time, so that even a crowd is through by then.
const tries = 64;
// How many keys of a cluster's indexes are looked into in one go, and how many entries of one.
const indexesAtOnce = 2048;
const dueAtOnce = 500;

function valkeyBackend(options: ValkeyOptions): CompleteBackend {
  const { prefix = "", timeout = 5000, now } = options;
  const connection = createConnection({ ...options, timeout }, now !== undefined);
  // Changes of all databases of a server are published in one space.
  const channel = nameBeside(prefix, `changes ${databaseOf(options)}`);
  const queue = createQueue({ connection, prefix, timeout, now, channel });
  const turns = new Map<string, Promise<unknown>>();
  const underWay = new Set<Promise<unknown>>();

  /** Tells what a client rejects with as a store does; a store that closes waits for it. */
  function told<R>(work: Promise<R>): Promise<R> {
    const end = work.catch((error: unknown) => Promise.reject(describe(error))).finally(() => underWay.delete(end));
    underWay.add(end);
    return end;
  }

  async function nodes(): Promise<readonly ValkeyClient[]> {
    const client = await connection.ready();
    return client.nodes?.("master") ?? [client];
  }

  const lister = createLister(prefix, nodes);
  const feed = createFeed(channel, prefix, nodes);
  const skew = (): number => connection.skew();

  async function change(key: string, decide: Decision, { signal }: Call): Promise<void> {
    for (let count = 1; count <= tries; count++) {
      const found = await queue.askOne("get", key, none, signal, readEntry);
      const next = decide(found);
      if (next === UNCHANGED || !(next || found)) return;
      const before = found ? ["1", found.value, found.expiresAt] : ["0", "", ""];
      const after = next ? ["1", next.value, next.expiresAt] : ["0", "", ""];
      if (await queue.askOne("swap", key, [...before, ...after], signal, readDone)) return;
      await new Promise((resolve) => setTimeout(resolve, 4 * count * (0.5 + Math.random())));
    }
    throw new StoreError("conflict", `Cannot change key ${quote(key)}: expected others to do so less`, { key });
  }

  /** Those in this process wait for one another rather than fight. */
  function mutate(key: string, decide: Decision, call: Call): Promise<void> {
    const turn = Promise.resolve(turns.get(key)).then(() => change(key, decide, call));
    const settled = turn.catch(() => {}).then(() => void (turns.get(key) === settled && turns.delete(key)));
    turns.set(key, settled);
    return turn;
  }

  async function removeAll(keys: readonly string[], name: Step["name"], signal?: AbortSignal): Promise<number> {
    const done = await queue.ask(stepsOf(name, keys), { signal }, readDone);
    return done.filter(Boolean).length;
  }

  /** Removes what is due in the index of a slot, and counts it. */
  async function sweepSlot(client: ValkeyClient, slot: number, call: Call): Promise<number> {
    let count = 0;
    for (;;) {
      call.signal?.throwIfAborted();
      const at = call.now() + skew();
      const due = await client.zrangeBuffer(queue.index(slot), "-inf", at, "BYSCORE", "LIMIT", 0, dueAtOnce);
      const names = (due as Uint8Array[]).map((name) => decoder.decode(name).slice(prefix.length));
      if (names.length) count += await removeAll(names, "expire", call.signal);
      if (names.length < dueAtOnce) return count;
    }
  }

  async function sweep(call: Call): Promise<number> {
    const client = await connection.ready();
    await queue.ready();
    if (!queue.isScattered()) return sweepSlot(client, -1, call);
    let count = 0;
    for (let first = 0; first < slotCount; first += indexesAtOnce) {
      const some = Array.from({ length: indexesAtOnce }, (_, number) => sweepSlot(client, first + number, call));
      count += (await Promise.all(some)).reduce((sum, each) => sum + each, 0);
    }
    return count;
  }

  async function list(prefix: string, limit: number, cursor: string | undefined, call: Call): Promise<Page> {
    const entries: Listed[] = [];
    let from = cursor;
    for (;;) {
      const { keys, isCut, cursorAt } = await lister.page(prefix, from);
      for (let at = 0; at < keys.length; at += limit + 1) {
        // One more than is asked for: whether there is another page.
        const some = keys.slice(at, at + limit + 1);
        for (const [number, head] of (await queue.ask(stepsOf("head", some), call, readHead)).entries()) {
          if (!head) continue;
          if (entries.length === limit) return { entries, cursor: cursorAt(entries[limit - 1]!.key) };
          entries.push({ key: some[number]!, ...head });
        }
      }
      if (!isCut) return { entries };
      from = cursorAt(keys.at(-1)!);
    }
  }

  return {
    isPersistent: () => true,
    // A value is copied as what the client can send.
    copiesValues: true,
    get: (key, { signal }) => queue.askOne("get", key, none, signal, readEntry),
    set: (key, { value, expiresAt }, { signal }) =>
      queue.askOne("set", key, [queue.hold(value), expiresAt], signal, nothing),
    delete: (key, { signal }) => queue.askOne("delete", key, none, signal, readDone),
    mutate,
    head: (key, { signal }) => queue.askOne("head", key, none, signal, readHead),
    getMany: (keys, { signal }) => queue.ask(stepsOf("get", keys), { signal }, readEntry),
    async setMany(items, { signal }) {
      const steps = items.map(([key, { value, expiresAt }]): Step => ({ name: "set", key, args: [queue.hold(value), expiresAt] })); // prettier-ignore
      await queue.ask(steps, { signal, isWhole: true }, nothing);
    },
    deleteMany: (keys, { signal }) => removeAll(keys, "delete", signal),
    list: ({ prefix, limit, cursor }, call) => told(list(prefix, limit, cursor, call)),
    clear: ({ prefix }, { signal }) =>
      told(
        lister.scan(prefix, (keys) => {
          signal?.throwIfAborted();
          return removeAll(keys, "delete", signal);
        }),
      ),
    sweep: (call) => told(sweep(call)),
    watch: (_, observer) => told(feed.watch(observer)),
    async close() {
      feed.close();
      await Promise.allSettled([...underWay, ...turns.values()]);
      await queue.idle();
      await connection.close();
    },
    take: (key, { signal }) =>
      queue.askOne("take", key, none, signal, (value, second) =>
        second === absent ? undefined : new Uint8Array(value as Uint8Array),
      ),
    async increment(key, by, expiresAt, call) {
      if (Number.isSafeInteger(by)) {
        const readSum: Reader<number | undefined> = (sum, second) =>
          second === declined ? undefined : Number(decoder.decode(sum as Uint8Array));
        const sum = await queue.askOne("add", key, [String(by), expiresAt], call.signal, readSum);
        if (sum !== undefined) return sum;
      }
      let sum: number;
      const decide: Decision = (current) => {
        sum = add(current?.value, by, key);
        return { expiresAt, ...current, value: encoder.encode(`${sum}`) };
      };
      await mutate(key, decide, call);
      return sum!;
    },
    touch: (key, expiresAt, { signal }) => queue.askOne("touch", key, [expiresAt], signal, readDone),
  };
}

const none: Step["args"] = [];
const nothing = (): void => {};
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();

function stepsOf(name: Step["name"], keys: readonly string[]): Step[] {
  return keys.map((key) => ({ name, key, args: none }));
}
