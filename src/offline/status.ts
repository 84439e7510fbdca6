import type { Store } from "../core/contract.ts";
import type { Hub } from "../core/hub.ts";
import type { KeyChange } from "../core/keyChange.ts";
import { listMarked } from "./reading.ts";
import { kept, marks } from "./rows.ts";

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

/** Keeps the status. */
export interface StatusKeeper {
  get(): Status;
  set(change: Partial<Status>): void;
  /** Counts what is counted once more: a context that ended may have reported nothing. */
  recount(): Promise<void>;
  /** Follows the status: each new one, the first at once. */
  follow(): AsyncIterableIterator<Status>;
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
  const rows: Record<string, Set<string>> = { [marks]: new Set(), [kept]: new Set() };
  const followers = new Set<() => void>();
  let isClosed = false;
  // What has come and gone since a listing began, which that may not have seen.
  let since = new Map<string, boolean>();
  let stop = (): void => {};

  function set(change: Partial<Status>): void {
    const next = { ...status, ...change };
    if (JSON.stringify(next) === JSON.stringify(status)) return;
    status = next;
    for (const wake of followers) wake();
  }

  const count = (): void => set({ pending: rows[marks]!.size, conflicts: rows[kept]!.size });

  function note(key: string, isThere: boolean): void {
    const all = rows[key[0]!];
    if (isThere) all?.add(key);
    else all?.delete(key);
  }

  async function recount(): Promise<void> {
    const mine = (since = new Map<string, boolean>());
    const pending = (await listMarked(local, {})).map((key) => marks + key);
    const conflicts: string[] = [];
    for await (const key of local.keys({ prefix: kept })) conflicts.push(key);
    rows[marks] = new Set(pending);
    rows[kept] = new Set(conflicts);
    for (const [key, isThere] of mine) note(key, isThere);
    count();
  }

  async function begin(): Promise<void> {
    const { watch } = await hub;
    const changed = ({ type, key }: KeyChange): void => {
      if (!rows[key[0]!]) return;
      since.set(key, type === "set");
      note(key, type === "set");
      count();
      if (key.startsWith(marks) && type === "set") marked();
    };
    stop = watch({ changed, resync: () => void recount(), failed: () => {} });
    await recount();
  }

  const ready = begin().catch(() => {});

  return {
    get: () => status,
    set,
    recount,
    ready,
    follow() {
      let seen: Status | undefined;
      let wake: (() => void) | undefined;
      let isOver = false;
      const notice = (): void => wake?.();
      followers.add(notice);
      const iterator: AsyncIterableIterator<Status> = {
        [Symbol.asyncIterator]: () => iterator,
        async next() {
          while (!isOver && !isClosed && seen === status) await new Promise<void>((resolve) => (wake = resolve));
          if (isOver || isClosed) return { done: true, value: undefined };
          seen = status;
          return { done: false, value: seen };
        },
        async return() {
          isOver = true;
          followers.delete(notice);
          notice();
          return { done: true, value: undefined };
        },
      };
      return iterator;
    },
    close() {
      isClosed = true;
      stop();
      for (const wake of followers) wake();
    },
  };
}
