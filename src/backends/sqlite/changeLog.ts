import type { KeyChange } from "../../core/keyChange.ts";
import type { Cell, Client } from "./client.ts";
import { historian, type Trimmer } from "./history.ts";
import { addWatcher, askWatchers, lagging, listWatchers, types, type Joined, type Watcher } from "./watchers.ts";

/**
 * Writes changes down for every process that watches, and for the file's history, in the transaction that makes them, and only
 * while the file knows of one. A watcher whose process has died is found out by its lag.
 */
export interface ChangeLog {
  /** Called first and last in every transaction that writes. `self` is this process's watcher, if there is one. */
  begin(client: Client): void;
  end(client: Client, self: string | undefined): void;
  /** Whether the last transaction has written changes down. */
  hasGrown(): boolean;
  add(client: Client, type: KeyChange["type"], keys: readonly string[]): void;
  /** Writes down that all entries go whose keys are from `low` to below `high`. */
  addRange(client: Client, low: Cell, high: Cell, now: number): void;
  /** Adds a watcher of what this transaction does next, unless it is there. */
  join(client: Client, id: string): Joined;
  /** Asks every other watcher for a sign of life, and forgets those that have given none. */
  ask(client: Client, self: string | undefined): void;
}

// A call of SQLite costs as much as a row.
const rowsAtOnce = 16;
const insert = "INSERT INTO changes (type, key) VALUES (?, ?)";
const insertSome = `${insert}${", (?, ?)".repeat(rowsAtOnce - 1)}`;

/** Returns the log of a file. */
export function createChangeLog(trimmer: Trimmer): ChangeLog {
  // Of the transaction under way.
  let watchers: readonly Watcher[] = [];
  let added = 0;

  function begin(client: Client): void {
    watchers = listWatchers(client);
    added = 0;
  }

  // Whoever asks is alive.
  const others = (self: string | undefined): Watcher[] => watchers.filter(({ id }) => id !== self && id !== historian);

  return {
    begin,
    end(client, self) {
      const alive = added ? others(self) : [];
      if (alive.length) askWatchers(client, lagging(client, alive));
      const history = watchers.find(({ id }) => id === historian);
      if (history) trimmer.trim(client, history.position, added);
    },
    hasGrown: () => added > 0,
    add(client, type, keys) {
      if (!watchers.length) return;
      const number = types.indexOf(type);
      for (let at = 0; at < keys.length;) {
        const isLong = keys.length - at >= rowsAtOnce;
        const some = isLong ? keys.slice(at, at + rowsAtOnce) : [keys[at]!];
        client.runWith(
          isLong ? insertSome : insert,
          some.flatMap((key) => [number, key]),
        );
        at += some.length;
      }
      added += keys.length;
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
      added += client.get("SELECT changes() AS count")!.count as number;
    },
    join(client, id) {
      const joined = addWatcher(client, id);
      begin(client);
      return joined;
    },
    ask: (client, self) => askWatchers(client, others(self)),
  };
}
