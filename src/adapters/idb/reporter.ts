import { createSharedHub, type Hub } from "../../core/hub.ts";
import type { KeyChange } from "../../core/keyChange.ts";
import { resultOf, run } from "./transactions.ts";
import type { Use } from "./use.ts";

/** Carries the changes of an object store to all tabs. */
export interface Reporter {
  /** Does work as the app's `use` does, and reports that changes may have been missed if the connection is another one. */
  readonly use: Use;
  hub(): Promise<Hub>;
  report(changes: readonly KeyChange[]): Promise<void>;
  close(): Promise<void>;
}

/** Returns the reporter of an object store. */
export function reporterOf(given: Use): Reporter {
  let opened: Promise<Hub> | undefined;
  let isClosed = false;
  let last: IDBDatabase | undefined;

  const use: Use = (mode, work) =>
    given(mode, (store) => {
      const { db } = store.transaction;
      if (last && last !== db) void opened?.then(({ resync }) => resync());
      last = db;
      return work(store);
    });

  /** Returns the hub of the object store, in all tabs. Its name is known when it is used. */
  function hub(): Promise<Hub> {
    opened ??= run(use, "readonly", async (store) => {
      await resultOf(store.count(""));
      return createSharedHub(`shelflife:idb:${store.transaction.db.name}/${store.name}`);
    });
    // What failed is tried again.
    opened.catch(() => (opened = undefined));
    return opened;
  }

  async function report(changes: readonly KeyChange[]): Promise<void> {
    // What is committed must not fail for it.
    if (changes.length && !isClosed) await hub().then((found) => found.report(changes), () => {}); // prettier-ignore
  }

  return {
    use,
    hub,
    report,
    async close() {
      isClosed = true;
      await opened?.then((found) => found.close()).catch(() => {});
    },
  };
}
