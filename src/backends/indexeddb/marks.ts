import type { Activity } from "./active.ts";
import { ask } from "./readMany.ts";
import type { Snapshot } from "./snapshot.ts";

/**
 * The state of the database, as far as this context knows it. Every transaction that writes leaves a mark, a number that is
 * one more than the last, so that the last mark names a state.
 */
export interface Marks {
  /** Returns a snapshot of a transaction. One that writes is to leave a mark, which is its first request. */
  begin(entries: IDBObjectStore, leavesMark: boolean): Snapshot;
  /** Asks, once, which state a transaction sees: that settles its `verified`. */
  verify(snapshot: Snapshot): void;
  /** Whether a transaction is known to see the last known state. */
  isCurrent(snapshot: Snapshot): boolean;
  /** Takes note that a transaction is committed, and returns whether it followed on the last known state. */
  commit(snapshot: Snapshot): boolean;
  /** Knows nothing any more, since the connection is lost. */
  lose(): void;
}

// So many are left behind before they are removed.
const oldMarks = 100;

/** The object store of the marks, whose keys they are: the database counts them. Its name sorts after that of the entries. */
function marksBeside({ transaction }: IDBObjectStore): IDBObjectStore {
  return transaction.objectStore(transaction.objectStoreNames[1]!);
}

/** Reads the last mark that a transaction sees. */
export async function readLast(entries: IDBObjectStore, activity?: Activity): Promise<number> {
  const cursor = await ask(marksBeside(entries).openKeyCursor(null, "prev"), activity);
  return cursor ? (cursor.key as number) : 0;
}

/** Returns the marks of a database. `changed` is called when a transaction sees another state than the last known one. */
export function createMarks(changed: () => void): Marks {
  // Less than any mark while none is known.
  let current = -1;
  let era = 0;
  // Below it no mark is left.
  let first = 0;

  function compare(snapshot: Snapshot, reading: Promise<number>): void {
    snapshot.verified = reading.then((mark) => {
      // Another database may have the same marks.
      if (snapshot.era !== era) throw new Error("a closed connection");
      if (mark !== current) changed();
      snapshot.mark = current = mark;
    });
    // What takes the transaction down is reported there.
    snapshot.verified.catch(() => {});
  }

  /** Leaves a mark, and resolves with the one before. */
  async function leave(snapshot: Snapshot): Promise<number> {
    const marks = marksBeside(snapshot.entries);
    const asked = ask(marks.put(0), snapshot);
    if (current > first + oldMarks) marks.delete(IDBKeyRange.upperBound((first = current), true));
    return ((await asked) as number) - 1;
  }

  const isCurrent = ({ mark }: Snapshot): boolean => mark === current;

  return {
    begin(entries, leavesMark) {
      const snapshot: Snapshot = { entries, turns: 0, era, written: new Map() };
      if (leavesMark) compare(snapshot, leave(snapshot));
      return snapshot;
    },
    verify(snapshot) {
      if (!snapshot.verified) compare(snapshot, readLast(snapshot.entries, snapshot));
    },
    isCurrent,
    commit(snapshot) {
      if (!isCurrent(snapshot)) return false;
      // By the mark that it left.
      current++;
      return true;
    },
    lose() {
      current = -1;
      first = 0;
      era++;
    },
  };
}
