import type { KeyChange } from "../../core/keyChange.ts";
import type { Cell, Client } from "./client.ts";
import { addWatcher, askWatchers, lagging, listWatchers, types, type Joined, type Watcher } from "./watchers.ts";

/**
 * Writes changes down for every process that watches, in the transaction that makes them, and only while the file knows of a
 * watcher. A watcher whose process has died is found out by its lag.
 */
export interface ChangeLog {
  /** Called first and last in every transaction that writes. `self` is this process's watcher, if there is one. */
  begin(client: Client): void;
  end(client: Client, self: string | undefined): void;
  /** Whether the last transaction has written changes down. */
  hasGrown(): boolean;
  add(client: Client, type: KeyChange["type"], key: string): void;
  /** Writes down that all entries go whose keys are from `low` to below `high`. */
  addRange(client: Client, low: Cell, high: Cell, now: number): void;
  /** Adds a watcher of what this transaction does next, unless it is there. */
  join(client: Client, id: string): Joined;
  /** Asks every other watcher for a sign of life, and forgets those that have given none. */
  ask(client: Client, self: string | undefined): void;
}

/** Returns the log of a file. */
export function createChangeLog(): ChangeLog {
  // Of the transaction under way.
  let watchers: readonly Watcher[] = [];
  let isAdded = false;

  function begin(client: Client): void {
    watchers = listWatchers(client);
    isAdded = false;
  }

  // Whoever asks is alive.
  const others = (self: string | undefined): Watcher[] => watchers.filter(({ id }) => id !== self);

  return {
    begin,
    end(client, self) {
      if (isAdded) askWatchers(client, lagging(client, others(self)));
    },
    hasGrown: () => isAdded,
    add(client, type, key) {
      if (!watchers.length) return;
      client.run("INSERT INTO changes (type, key) VALUES (?, ?)", types.indexOf(type), key);
      isAdded = true;
    },
    addRange(client, low, high, now) {
      if (!watchers.length) return;
      client.run(
        `INSERT INTO changes (type, key) SELECT CASE WHEN expires_at <= ? THEN 2 ELSE 1 END, key FROM entries
         WHERE key >= ? AND key < CAST(? AS TEXT) ORDER BY key`,
        now,
        low,
        high,
      );
      isAdded = true;
    },
    join(client, id) {
      const joined = addWatcher(client, id);
      begin(client);
      return joined;
    },
    ask: (client, self) => askWatchers(client, others(self)),
  };
}
