import type { Call, LogPage, LogQuery } from "../../core/contract.ts";
import type { History } from "../../core/history.ts";
import type { Client, Row } from "./client.ts";
import { inodeOf } from "./fileIdentity.ts";
import { lastNumber, removeWatcher, toChange, trim } from "./watchers.ts";
import type { WorkQueue } from "./workQueue.ts";

/**
 * The watcher that stands for those who come back. It reads nothing: what is after its position is kept, so that it is moved
 * on to forget. Whoever writes to the file writes changes down for it as for any other, also without the option.
 */
export const historian = "history";

// After how many changes of this process it is looked what can be forgotten, and how often at least: ms.
const stride = 500;
const longestStep = 60_000;

const tables = [
  `CREATE TABLE IF NOT EXISTS history (id INTEGER NOT NULL PRIMARY KEY, max_age INTEGER, max_changes INTEGER NOT NULL,
     secret TEXT NOT NULL, birth INTEGER NOT NULL, file TEXT) STRICT`,
  // Up to which number all was written by when.
  `CREATE TABLE IF NOT EXISTS moments (number INTEGER NOT NULL PRIMARY KEY, at INTEGER NOT NULL) STRICT`,
];

/** The table of changes. What is random in each has no more bits than a number of JavaScript. */
export const changesTable = `CREATE TABLE changes (number INTEGER NOT NULL PRIMARY KEY, type INTEGER NOT NULL,
  key TEXT NOT NULL, word INTEGER NOT NULL DEFAULT (random() & 9007199254740991)) STRICT`;

interface Settings {
  readonly maxAge: number;
  readonly maxChanges: number;
  readonly secret: string;
  /** Stands for the change before the first. */
  readonly birth: number;
  /** Which file it is of: a copy that is in its place now is another one. */
  readonly file: string | null;
}

/** Whether a file remembers changes as an option says, if it is given, and not those of another file that it is a copy of. */
export function isAsAsked(client: Client, history: History | false | undefined, file: string | undefined): boolean {
  if (history === undefined) return true;
  const found = settingsOf(client);
  if (!history || !found) return !history === !found;
  return found.maxAge === history.maxAge && found.maxChanges === history.maxChanges && isSame(found, file);
}

/** Has a file remember changes from now on, or forget them, in the transaction that the client is in. */
export function arrange(client: Client, history: History | false, file: string | undefined): void {
  const before = settingsOf(client);
  if (before && !(history && isSame(before, file))) removeWatcher(client, historian);
  if (!history) return;
  for (const table of tables) client.run(table);
  // A file that was made before there was a history.
  if (!client.get("SELECT 1 FROM pragma_table_info('changes') WHERE name = 'word'")) {
    client.run("ALTER TABLE changes RENAME TO old_changes");
    client.run(changesTable);
    client.run("INSERT INTO changes (number, type, key) SELECT number, type, key FROM old_changes");
    client.run("DROP TABLE old_changes");
  }
  if (!settingsOf(client)) {
    client.run("DELETE FROM moments");
    client.run(
      "INSERT OR REPLACE INTO history VALUES (1, NULL, 0, ?, random() & 9007199254740991, ?)",
      crypto.randomUUID(),
      file ?? null,
    );
    client.run("INSERT INTO watchers (id, position) VALUES (?, ?)", historian, lastNumber(client));
  }
  const { maxAge, maxChanges } = history;
  client.run(
    "UPDATE history SET max_age = ?, max_changes = ?",
    maxAge > Number.MAX_SAFE_INTEGER ? null : Math.ceil(maxAge),
    maxChanges,
  );
}

/** Returns what a file remembers, if it does. A store of an earlier version may have taken it for dead. */
function settingsOf(client: Client): Settings | undefined {
  if (!client.get("SELECT 1 FROM sqlite_schema WHERE name = 'history'")) return undefined;
  const row = client.get(
    "SELECT max_age, max_changes, secret, birth, file FROM history JOIN watchers ON watchers.id = ?",
    historian,
  );
  return (
    row && {
      maxAge: (row.max_age as number | null) ?? Infinity,
      maxChanges: row.max_changes as number,
      secret: row.secret as string,
      birth: row.birth as number,
      file: row.file as string | null,
    }
  );
}

/**
 * Whether a history is of a file. What came of a copy that was put in its place may have gone on from a position that both
 * have: a reader that knows that position would miss changes without notice.
 */
function isSame(history: Settings, file: string | undefined): boolean {
  return history.file === null || file === undefined || history.file === file;
}

/** Forgets what is old, and what is too much. */
export interface Trimmer {
  /** Called last in a transaction that has written down so many changes, where a history is kept from a position on. */
  trim(client: Client, position: number, added: number): void;
}

/** Returns what trims the history of a file. */
export function createTrimmer(now: () => number): Trimmer {
  let addedSince = 0;
  let next = -Infinity;
  return {
    trim(client, position, added) {
      addedSince += added;
      const time = now();
      // The clock may have been turned back.
      const isDue = time >= next || time < next - longestStep;
      const settings = addedSince >= stride || isDue ? settingsOf(client) : undefined;
      if (!settings) return;
      const { maxAge, maxChanges } = settings;
      const last = lastNumber(client);
      if (isDue && maxAge < Infinity) {
        next = time + Math.min(longestStep, maxAge / 16);
        client.run("INSERT OR IGNORE INTO moments VALUES (?, ?)", last, time);
      }
      const old = client.get("SELECT max(number) AS number FROM moments WHERE at <= ?", time - maxAge)?.number ?? 0;
      if (old) client.run("DELETE FROM moments WHERE number <= ?", old);
      const cut = Math.max(old as number, last - maxChanges);
      if (cut > position) forget(client, cut, 2 * addedSince);
      addedSince = 0;
    },
  };
}

/** Forgets all changes, in a file that has no room for anything else. */
export function forgetAll(client: Client): void {
  if (settingsOf(client)) forget(client, lastNumber(client), Infinity);
}

function forget(client: Client, cut: number, atLeast: number): void {
  client.run("UPDATE watchers SET position = ? WHERE id = ?", cut, historian);
  trim(client, atLeast);
}

/** Returns how a file's history is read. One that somebody has put an end to is begun anew if it is asked for here. */
export function createHistory(
  queue: WorkQueue,
  history: History | false | undefined,
  path: string,
): (query: LogQuery, call: Call) => Promise<LogPage | undefined> {
  return async (query, { signal }) => {
    const page = await queue.read((client) => readPage(client, query), { signal, isLong: true });
    if (page || !history) return page;
    return queue.write(
      (client) => {
        arrange(client, history, inodeOf(path));
        return readPage(client, query);
      },
      { signal },
    );
  };
}

function readPage(client: Client, { after, prefix, limit }: LogQuery): LogPage | undefined {
  const settings = settingsOf(client);
  if (!settings) return undefined;
  const { secret, birth } = settings;
  const last = client.get("SELECT number, word FROM changes ORDER BY number DESC LIMIT 1");
  const end = last ? nameOf(last) : `0-${birth}`;
  if (after === undefined) return { changes: [], position: end, isLast: true, secret };
  const [, number, word] = /^(\d{1,15})-(\d{1,16})$/.exec(after) ?? [];
  if (!word || !isKnown(client, Number(number), Number(word), birth))
    return { changes: undefined, position: end, isLast: true, secret };
  const rows = client.all(
    "SELECT number, type, CAST(key AS BLOB) AS key, word FROM changes WHERE number > ? ORDER BY number LIMIT ?",
    Number(number),
    limit,
  );
  const changes = rows.map((row) => ({ ...toChange(row), position: nameOf(row) }));
  return {
    changes: changes.filter(({ key }) => key.startsWith(prefix)),
    position: changes.at(-1)?.position ?? after,
    isLast: rows.length < limit,
    secret,
  };
}

/** Whether that very change is in the log; then all after it are. */
function isKnown(client: Client, number: number, word: number, birth: number): boolean {
  if (number) return client.get("SELECT 1 FROM changes WHERE number = ? AND word = ?", number, word) !== undefined;
  return word === birth && (client.get("SELECT min(number) AS number FROM changes")!.number ?? 1) === 1;
}

function nameOf({ number, word }: Row): string {
  return `${number as number}-${word as number}`;
}
