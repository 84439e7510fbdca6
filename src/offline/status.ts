import type { Store } from "../core/contract.ts";
import type { Hub } from "../core/hub.ts";
import { nap, wakeAll, type Sleepers } from "./nap.ts";
import { portions } from "./portions.ts";
import { listMarked } from "./reading.ts";
import type { Progress } from "./pull.ts";
import { readRecord, weigh } from "./record.ts";
import { parse } from "./json.ts";
import { kept, marks, progressRow, records } from "./names.ts";
import type { RowChange } from "./step.ts";

/** How an offline store stands with the other side. */
export interface Status {
  /** Whether the last exchange with the other side worked. */
  readonly online: boolean;
  /** How many keys have something that is not on the other side. */
  readonly pending: number;
  /** How many conflicts are kept. */
  readonly conflicts: number;
  /** When all there was on both sides was known on both: epoch ms, `undefined` for never. */
  readonly lastSynced: number | undefined;
  /** Whether all there is on the other side has been known here once. */
  readonly complete: boolean;
  /** Why nothing goes on though the other side answers: it lets nobody in, or shows the data of another account. */
  readonly blocked: "unauthorized" | "other-account" | undefined;
}

// How often it is looked what other processes have done, while somebody follows the status: ms.
const lookInterval = 600;

/** Keeps the status. */
export interface StatusKeeper {
  get(): Status;
  set(change: Partial<Status>): void;
  /** Counts what is counted once more: a context that ended may have reported nothing. */
  recount(): Promise<void>;
  /** Follows the status: each new one, the first at once. */
  follow(): AsyncIterableIterator<Status>;
  /** How many bytes of values wait, about. */
  bytes(): number;
  /** Resolves when what is counted has been counted once. */
  readonly ready: Promise<void>;
  close(): void;
}

/** Returns what keeps the status of a store whose contexts report to a hub which rows have come and gone. */
export function createStatus(local: Store, hub: Promise<Hub>, marked: () => void): StatusKeeper {
  let status: Status = {
    online: false,
    pending: 0,
    conflicts: 0,
    lastSynced: undefined,
    complete: false,
    blocked: undefined,
  };
  // By the keys of what waits, how many bytes of values that is.
  let pending = new Map<string, number>();
  let bytes = 0;
  let conflicts = new Set<string>();
  const followers: Sleepers = new Set();
  let isClosed = false;
  // What has come and gone since a listing began, which that may not have seen.
  const since = new Set<RowChange[]>();
  let stop = (): void => {};

  function set(change: Partial<Status>): void {
    const next = { ...status, ...change };
    if (JSON.stringify(next) === JSON.stringify(status)) return;
    status = next;
    wakeAll(followers);
  }

  const count = (): void => set({ pending: pending.size, conflicts: conflicts.size });

  function note({ type, key, size = 0 }: RowChange): void {
    const isThere = type === "set";
    if (key.startsWith(kept)) {
      if (isThere) conflicts.add(key);
      else conflicts.delete(key);
      return;
    }
    bytes -= pending.get(key) ?? 0;
    pending.delete(key);
    if (!isThere) return;
    pending.set(key, size);
    bytes += size;
  }

  async function recount(): Promise<void> {
    const mine: RowChange[] = [];
    since.add(mine);
    const keys = [...(await listMarked(local, {})).keys()];
    const sizes = new Map<string, number>();
    for (const part of portions(keys.filter((key) => !pending.has(marks + key)))) {
      const found = await local.findMany(part.map((key) => records + key));
      part.forEach((key, index) => sizes.set(key, weigh(readRecord(found[index]))));
    }
    const there = new Set<string>();
    for await (const key of local.keys({ prefix: kept })) there.add(key);
    conflicts = there;
    const before = pending;
    pending = new Map();
    bytes = 0;
    for (const key of keys) {
      const row = marks + key;
      note({ type: "set", key: row, size: before.get(row) ?? sizes.get(key) });
    }
    since.delete(mine);
    mine.forEach(note);
    count();
  }

  async function begin(): Promise<void> {
    const { watch } = await hub;
    const changed = (change: RowChange): void => {
      const { type, key } = change;
      if (!key.startsWith(marks) && !key.startsWith(kept)) return;
      for (const changes of since) changes.push(change);
      note(change);
      count();
      if (key.startsWith(marks) && type === "set") marked();
    };
    stop = watch({ changed, resync: () => void recount(), failed: () => {} });
    await recount();
    const progress: Progress | undefined = parse(await local.find(progressRow));
    if (progress?.isComplete && !status.complete) set({ complete: true, lastSynced: progress.time });
  }

  const ready = begin().catch(() => {});

  return {
    get: () => status,
    bytes: () => bytes,
    set,
    recount,
    ready,
    follow: () => follow(followers, () => (isClosed ? undefined : status), recount),
    close() {
      isClosed = true;
      stop();
      wakeAll(followers);
    },
  };
}

/** Follows a status until there is none. `look` counts what others may have changed. */
function follow(
  sleepers: Sleepers,
  read: () => Status | undefined,
  look: () => Promise<void>,
): AsyncIterableIterator<Status> {
  let seen: Status | undefined;
  let isOver = false;
  const isKnown = (): boolean => !isOver && !!seen && seen === read();
  // Other processes on the local store report nothing here.
  const interval = globalThis.document ? undefined : lookInterval;
  const iterator: AsyncIterableIterator<Status> = {
    [Symbol.asyncIterator]: () => iterator,
    async next() {
      while (isKnown()) {
        await nap(interval, undefined, sleepers);
        if (interval && isKnown()) await look().catch(() => {});
      }
      seen = isOver ? undefined : read();
      return seen ? { done: false, value: seen } : { done: true, value: undefined };
    },
    async return() {
      isOver = true;
      wakeAll(sleepers);
      return { done: true, value: undefined };
    },
  };
  return iterator;
}
