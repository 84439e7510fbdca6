import type { Store } from "../core/contract.ts";
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
  /** Notes a mark that was made here. */
  marked(row: string): void;
  /** Follows the status: each new one, the first at once. */
  follow(): AsyncIterableIterator<Status>;
  /** Resolves when what is counted has been counted once. */
  readonly ready: Promise<void>;
  close(): void;
}

/** Returns what keeps the status; `marked` is called when something begins to wait in whichever context. */
export function createStatus(local: Store, marked: () => void): StatusKeeper {
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
  const watches: AsyncIterableIterator<unknown>[] = [];
  let isClosed = false;

  function set(change: Partial<Status>): void {
    const next = { ...status, ...change };
    if (JSON.stringify(next) === JSON.stringify(status)) return;
    status = next;
    for (const wake of followers) wake();
  }

  const count = (): void => set({ pending: rows[marks]!.size, conflicts: rows[kept]!.size });

  /** Counts the rows with a letter, and goes on as they come and go. */
  async function track(letter: string): Promise<void> {
    const all = rows[letter]!;
    const changes = local.watch({ prefix: letter, unref: true });
    watches.push(changes);
    // What has come and gone since a listing began, which that may not have seen.
    let since = new Map<string, boolean>();
    const note = (key: string, isThere: boolean): void => void (isThere ? all.add(key) : all.delete(key));
    const list = async (): Promise<void> => {
      const found = new Set<string>();
      const mine = (since = new Map<string, boolean>());
      for await (const key of local.keys({ prefix: letter })) found.add(key);
      all.clear();
      for (const key of found) all.add(key);
      for (const [key, isThere] of mine) note(key, isThere);
      count();
    };
    const follow = async (): Promise<void> => {
      for await (const change of changes) {
        if (change.type === "resync") await list();
        else {
          since.set(change.key, change.type === "set");
          note(change.key, change.type === "set");
        }
        count();
        if (letter === marks && change.type === "set") marked();
      }
    };
    // A local store that reports nothing is counted when something was done here.
    const following = follow().catch(() => {});
    await list();
    void following;
  }

  const ready = Promise.all([track(marks), track(kept)]).then(
    () => {},
    () => {},
  );

  return {
    get: () => status,
    set,
    marked(row) {
      rows[marks]!.add(row);
      count();
    },
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
      for (const changes of watches) void changes.return!().catch(() => {});
      for (const wake of followers) wake();
    },
  };
}
