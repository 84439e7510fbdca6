import { UNCHANGED, type Backend, type Call, type Decision, type Entry, type Store } from "../../core/contract.ts";
import { createStore } from "../../core/createStore.ts";
import { isStoreError } from "../../core/error.ts";
import type { Hub } from "../../core/hub.ts";
import type { KeyChange } from "../../core/keyChange.ts";
import { lendBy } from "../../core/lending.ts";
import type { StoreOptions } from "../../core/options.ts";
import { createSoonest } from "./deadlines.ts";
import type { Entries } from "./entries.ts";
import { mapKeys } from "./mapKeys.ts";
import type { Turns } from "./turns.ts";

/** A medium that knows neither transactions nor deadlines. */
export interface EntriesMedium {
  readonly entries: Entries;
  readonly turns: Turns;
  readonly hub: Hub;
  /** Whether nobody changes it but in a turn. */
  readonly isSafe: boolean;
  /** Whether its keys can be listed: without that nothing is listed, cleared, swept or watched. @default true */
  readonly canList?: boolean;
  isPersistent(): boolean;
}

/** Returns a store over the entries of an app's own library. */
export function entriesStore(medium: EntriesMedium, options: StoreOptions): Store {
  const { entries, canList = true } = medium;
  const store = createStore(entriesBackend(medium), options);
  if (canList) lendBy(store, "list", (prefix) => entries.strays(prefix));
  return store;
}

function entriesBackend({ entries, turns, hub, isSafe, canList = true, isPersistent }: EntriesMedium): Backend {
  /** Does work while nobody else changes these keys, and reports the changes. */
  function change(keys: readonly string[], call: Call, work: () => Promise<KeyChange[]>): Promise<KeyChange[]> {
    return turns.take(keys, async () => {
      call.signal?.throwIfAborted();
      const changes = await work();
      hub.report(changes);
      return changes;
    });
  }

  /** Does work, and once more after a sweep if the medium was full. */
  async function withRoom<R>(call: Call, work: () => Promise<R>): Promise<R> {
    try {
      return await work();
    } catch (error) {
      if (!isStoreError(error, "quota-exceeded") || !isSafe || !canList || !(await sweep(call))) throw error;
      return work();
    }
  }

  async function remove(
    key: string,
    call: Call,
    isVictim: (entry: Entry) => boolean = () => true,
  ): Promise<KeyChange | undefined> {
    const [removal] = await change([key], call, async () => {
      const current = await entries.read(key);
      return current && isVictim(current) ? [await entries.drop(key, current, call.now())] : [];
    });
    return removal;
  }

  function mutate(key: string, decide: Decision, call: Call): Promise<unknown> {
    return change([key], call, async () => {
      const current = await entries.read(key);
      const next = decide(current);
      if (next === UNCHANGED) return [];
      if (next) return [await entries.put(key, next)];
      return current ? [await entries.drop(key, current, call.now())] : [];
    });
  }

  async function mutateWithRoom(key: string, decide: Decision, call: Call): Promise<void> {
    await withRoom(call, () => mutate(key, decide, call));
  }

  async function sweep(call: Call, prefix = ""): Promise<number> {
    const hasExpired = ({ expiresAt }: Entry): boolean => expiresAt <= call.now();
    const removed = await turns.alone("sweep", async () =>
      mapKeys(await entries.keys(prefix), call, async (key) => {
        const entry = await entries.read(key);
        return entry && hasExpired(entry) ? remove(key, call, hasExpired) : undefined;
      }),
    );
    return removed.length;
  }

  const listing: Partial<Backend> = {
    async list({ prefix, limit, cursor }, call) {
      // A cursor is what follows the prefix in the last key, so that any text is a position within the prefix.
      const keys = await entries.keys(prefix, cursor === undefined ? cursor : prefix + cursor);
      const page = keys.slice(0, limit);
      const listed = await mapKeys(page, call, async (key) => {
        const entry = await entries.read(key);
        return entry && { key, expiresAt: entry.expiresAt, size: sizeOf(entry) };
      });
      return keys.length > limit ? { entries: listed, cursor: page.at(-1)!.slice(prefix.length) } : { entries: listed };
    },
    clear: async ({ prefix }, call) =>
      void (await mapKeys(await entries.keys(prefix), call, (key) => remove(key, call))),
    watch: (_, observer) => hub.watch(observer),
    // What cannot be swept safely is not looked for either.
    soonest: isSafe ? createSoonest(entries, hub) : () => Infinity,
  };
  const backend: Backend = {
    get: entries.read,
    set: async (key, entry, call) =>
      void (await withRoom(call, () => change([key], call, async () => [await entries.put(key, entry)]))),
    delete: async (key, call) => (await remove(key, call))?.type === "delete",
    isPersistent,
    setMany: async (items, call) => {
      const keys = items.map(([key]) => key);
      await withRoom(call, () => change(keys, call, () => entries.putAll(items)));
    },
    deleteMany: async (keys, call) => {
      const removed = await mapKeys(keys, call, (key) => remove(key, call));
      return removed.filter(({ type }) => type === "delete").length;
    },
    async close() {
      await turns.settled();
      hub.close();
    },
  };
  if (!canList) return isSafe ? { ...backend, mutate: mutateWithRoom } : backend;
  if (!isSafe) return { ...backend, ...listing };
  return {
    ...backend,
    ...listing,
    mutate: mutateWithRoom,
    sweep: (call) => sweep(call),
    sweepWithin: ({ prefix }, call) => sweep(call, prefix),
  };
}

/** The length of a value, if it can be read. */
function sizeOf(entry: Entry): number | undefined {
  try {
    return entry.value.length;
  } catch {
    return undefined;
  }
}
