import type { Store } from "../../core/contract.ts";
import type { Snapshots } from "./snapshots.ts";

/** What is to be read, and reads it. */
export interface Reader {
  /** Has all be read. */
  all(): void;
  /** Has a key be read. */
  add(key: string): void;
  /** Reads what is to be read, until nothing is. After a failure all is. */
  read(): Promise<void>;
}

/** Returns a reader of a key, or of all that begin with a prefix. It calls `show` after each read. */
export function createReader<Out>(
  store: Pick<Store<Out, any>, "entry" | "entries">,
  one: string | undefined,
  prefix: string,
  { entries, put }: Snapshots<Out>,
  show: () => void,
): Reader {
  let isAll = true;
  let keys = new Set<string>();
  let reading: Promise<void> | undefined;

  async function readAll(): Promise<void> {
    const gone = new Set(entries.keys());
    for await (const entry of store.entries({ prefix })) {
      put(entry.key, entry);
      gone.delete(entry.key);
    }
    for (const key of gone) put(key, undefined);
  }

  async function run(): Promise<void> {
    // So that it does not end before it is known to be under way.
    await undefined;
    try {
      while (isAll || keys.size) {
        const [wasAll, some] = [isAll, one === undefined ? keys : [one]];
        [isAll, keys] = [false, new Set()];
        if (wasAll && one === undefined) await readAll();
        else await Promise.all([...some].map(async (key) => put(key, await store.entry(key))));
        show();
      }
    } catch (reason) {
      isAll = true;
      throw reason;
    } finally {
      reading = undefined;
    }
  }

  return {
    all: () => void (isAll = true),
    add: (key) => void keys.add(key),
    read: () => (reading ??= run()),
  };
}
