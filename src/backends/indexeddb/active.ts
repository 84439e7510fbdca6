/** A transaction, as far as it is known whether requests can still be made in it. */
export interface Activity {
  readonly entries: IDBObjectStore;
  /** For so many microtasks more that is known without asking; less than 0 when none can be made any more. */
  turns: number;
}

// So many lie between an answer and the request of the next call that is made on it, and some more.
const knownTurns = 24;

/**
 * Whether requests can still be made in a transaction. Probes with an invalid key: a finished transaction throws before the
 * key is checked, an active one throws DataError. A probe takes longer than most of what is done on the answer, so its
 * result is kept while microtasks follow one another: nothing but `over` ends a transaction in between.
 */
export function isActive(activity: Activity): boolean {
  if (!activity.turns) {
    try {
      activity.entries.get(NaN);
    } catch (error) {
      if ((error as DOMException).name !== "DataError") return false;
    }
  }
  answered(activity);
  return activity.turns > 0;
}

/** Takes note, while a request is being answered, that its transaction is active. */
export function answered(activity: Activity): void {
  if (activity.turns < 0) return;
  const isKnown = activity.turns > 0;
  activity.turns = knownTurns;
  if (!isKnown) void countDown(activity);
}

/** Takes note that no request can be made any more. */
export function over(activity: Activity): void {
  activity.turns = -1;
}

async function countDown(activity: Activity): Promise<void> {
  for (; activity.turns > 0; activity.turns--) await undefined;
}
