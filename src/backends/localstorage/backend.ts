import { applyChosen } from "../../core/applyChosen.ts";
import type { Awaitable, Call, CompleteBackend, Listed, ManyDecision, Value } from "../../core/contract.ts";
import { StoreError } from "../../core/error.ts";
import { createLastNumber } from "../../core/writeNumber.ts";
import { createChanges } from "./changes.ts";
import { createEntries, itemOf, type Item } from "./entries.ts";
import { createMedium, rootOf } from "./medium.ts";
import { createTabs } from "./tabs.ts";
import { isLocal, isNative, type TextStorage } from "./textStorage.ts";
import { inTurn } from "./turn.ts";
import { createUndo } from "./undo.ts";

/** Where the last number is kept. No store may have it among its own keys. */
export const numberKey = "~shelflife";

/** Which keys of which Storage. */
export interface StorageBackendOptions {
  readonly prefix?: string | undefined;
  readonly storage?: "local" | "session" | TextStorage | undefined;
}

/** Returns a backend in a Storage, under keys that begin with a prefix. Only localStorage is shared between contexts. */
export function createStorageBackend({
  prefix = "shelflife:",
  storage = "local",
}: StorageBackendOptions): CompleteBackend<Value> {
  const isShared = storage === "local" || isLocal(storage);
  const locks = isShared ? globalThis.navigator?.locks : undefined;
  const medium = createMedium(prefix, storage, (found) => changes.connect(found));
  const { open, keys } = medium;
  const number = createLastNumber(open, numberKey, "shelflife:localstorage#", locks);
  const noted = (key: string, expiresAt?: number): void => {
    left = undefined;
    note(key, expiresAt);
  };
  const missed = (): void => {
    left = undefined;
    forget();
  };
  const changes = createChanges(number, rootOf(prefix), isShared, noted, missed);
  const { commit } = changes;
  const undo = locks && createUndo(open, number.look);
  const { get, head, set, delete: remove, sweep, soonest, note, forget } = createEntries(medium, changes.add, undo);
  const tabs = undo && createTabs(locks, number, undo, commit);

  // What is left of a listing, as long as nothing changes, so that not every page costs a look at all names.
  let left: { within: string; cursor: string | undefined; keys: string[] } | undefined;

  /** Does work with no other writer in between, then reports what it changed. */
  function transact<R>(work: () => R): Awaitable<R> {
    const found = open();
    if (tabs) return tabs.transact(work);
    return inTurn(found, () => {
      try {
        return work();
      } finally {
        commit();
      }
    });
  }

  function mutate(keys: readonly string[], decide: ManyDecision<Value>, call: Call): Awaitable<void> {
    return transact(() => {
      if (isShared && !locks) {
        const message = "Cannot change localStorage atomically: expected Web Locks, which need a secure context";
        throw new StoreError("unsupported", message, { key: keys[1] ? undefined : keys[0] });
      }
      const removed: Item[] = [];
      const written: Item[] = [];
      applyChosen(
        keys,
        decide(keys.map(get)),
        (key, entry) => written.push(itemOf(key, entry)),
        (key) => removed.push([key, undefined]),
      );
      // What goes makes room for what comes.
      set([...removed, ...written], call.now());
    });
  }

  // Whoever has asked for a sweep takes what is reported until it is over for a part of it.
  const reported = (count: number): number => (commit(), count);

  return {
    get,
    head,
    set(key, entry, call) {
      const item = itemOf(key, entry);
      return transact(() => set([item], call.now()));
    },
    delete: (key, call) => transact(() => remove(key, call.now())),
    isPersistent: () => typeof storage === "string" || isNative(storage),
    keepsText: true,
    takesTurns: true,
    returnsCopies: true,
    copiesValues: true,
    getMany: (keys) => keys.map(get),
    mutate: (key, decide, call) => mutate([key], ([found]) => [decide(found)], call),
    mutateMany: mutate,
    setMany(items, call) {
      const written = items.map(([key, entry]) => itemOf(key, entry));
      return transact(() => set(written, call.now()));
    },
    deleteMany: (keys, call) => transact(() => keys.filter((key) => remove(key, call.now())).length),
    list({ prefix: within, limit, cursor }) {
      const goesOn = left?.within === within && left.cursor === cursor;
      const rest = goesOn
        ? left!.keys
        : keys(within)
            .filter((key) => cursor === undefined || key > within + cursor)
            .sort();
      const page = rest.slice(0, limit);
      const entries: Listed[] = [];
      for (const key of page) {
        const entry = head(key);
        if (entry) entries.push({ key, expiresAt: entry.expiresAt, size: entry.size });
      }
      if (rest.length <= limit) return { entries };
      // Where the page ends within the prefix, which shows nothing of the prefix itself.
      const end = page.at(-1)!.slice(within.length);
      left = { within, cursor: end, keys: rest.slice(limit) };
      return { entries, cursor: end };
    },
    clear: ({ prefix: within }, call) =>
      transact(() => {
        for (const key of keys(within)) remove(key, call.now());
      }),
    sweep: (call) => transact(() => reported(sweep(call.now()))),
    sweepWithin: ({ prefix: within }, call) => transact(() => reported(sweep(call.now(), within))),
    soonest,
    watch(_, observer) {
      open();
      return changes.watch(observer);
    },
    async close() {
      await tabs?.settled();
      changes.close();
    },
  };
}
