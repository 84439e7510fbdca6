import type { KeyChange } from "../../core/keyChange.ts";
import type { Client, Row } from "./client.ts";
import { decodeKey } from "./key.ts";

// How many changes are read at once.
const pageLength = 1000;
// How far a watcher may be behind before it is asked for a sign of life: changes.
const longLag = 1000;
// How much of the log is removed at once.
const trimmed = 5000;

/** How long a watcher has to give a sign of life: ms. A process that stands still for longer misses changes. */
export const longestSilence = 30_000;

/** The types of changes, by the number that stands for each in the file. */
export const types: readonly KeyChange["type"][] = ["set", "delete", "expire"];

/** A watcher as the file knows it: how far it has read, and since when it owes a sign of life. */
export interface Watcher {
  readonly id: string;
  readonly position: number;
  readonly askedAt: number | null;
}

/** A page of the log as one watcher reads it. */
export interface LogPage {
  readonly rows: readonly Row[];
  readonly isLast: boolean;
  /** What the file knows of the watcher; `undefined` if it has been forgotten. */
  readonly watcher: Pick<Watcher, "askedAt"> | undefined;
}

/** Returns all watchers of a file. */
export function listWatchers(client: Client): Watcher[] {
  return client.all("SELECT id, position, asked_at FROM watchers").map(toWatcher);
}

/** What a file says to a watcher that joins. */
export interface Joined {
  /** The number of the last change before. */
  readonly last: number;
  /** Whether the file did not know the watcher, so that none of the changes before was kept for it. */
  readonly isNew: boolean;
}

/** Adds a watcher of what is changed from now on, unless it is there. */
export function addWatcher(client: Client, id: string): Joined {
  const last = lastNumber(client);
  const added = client.get(
    "INSERT INTO watchers (id, position) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING 1",
    id,
    last,
  );
  return { last, isNew: added !== undefined };
}

/** Forgets a watcher, and removes the changes that were kept for it alone. */
export function removeWatcher(client: Client, id: string): void {
  client.run("DELETE FROM watchers WHERE id = ?", id);
  if (client.get("SELECT 1 FROM watchers")) trim(client);
  else client.run("DELETE FROM changes");
}

/** Notes how far a watcher has read, which is a sign of life too. */
export function savePosition(client: Client, id: string, position: number): void {
  client.run("UPDATE watchers SET position = ?, asked_at = NULL WHERE id = ?", position, id);
  trim(client);
}

/** Reads the changes after a position. */
export function readChanges(client: Client, id: string, position: number): LogPage {
  // In this order: as long as the file knows this watcher, it keeps what that has not read.
  const rows = client.all(
    "SELECT number, type, CAST(key AS BLOB) AS key FROM changes WHERE number > ? ORDER BY number LIMIT ?",
    position,
    pageLength,
  );
  const row = client.get("SELECT asked_at FROM watchers WHERE id = ?", id);
  return {
    rows,
    isLast: rows.length < pageLength,
    watcher: row && { askedAt: row.asked_at as number | null },
  };
}

/** The change that a row of the log stands for. */
export function toChange({ type, key }: Row): KeyChange {
  return { type: types[type as number]!, key: decodeKey(key!) };
}

/** Of some watchers, those that are far behind the last change. */
export function lagging(client: Client, watchers: readonly Watcher[]): Watcher[] {
  const last = lastNumber(client);
  return watchers.filter(({ position }) => last - position > longLag);
}

/** Asks watchers for a sign of life, and forgets those that have given none. */
export function askWatchers(client: Client, watchers: readonly Watcher[]): void {
  // Other processes answer in real time, whatever the clock of a store says.
  const now = Date.now();
  for (const { id, askedAt } of watchers) {
    // The clock may have been turned back.
    const isNew = askedAt === null || askedAt > now;
    if (isNew) client.run("UPDATE watchers SET asked_at = ? WHERE id = ?", now, id);
    else if (now - askedAt > longestSilence) removeWatcher(client, id);
  }
}

function toWatcher({ id, position, asked_at: askedAt }: Row): Watcher {
  return { id: id as string, position: position as number, askedAt: askedAt as number | null };
}

/** Returns the number of the last change, 0 if there is none. */
export function lastNumber(client: Client): number {
  return (client.get("SELECT max(number) AS number FROM changes")!.number as number | null) ?? 0;
}

/**
 * Removes what every watcher has read, but for the last change: from its number the next one's is made. It is done in parts,
 * which are at least so long.
 */
export function trim(client: Client, atLeast = 0): void {
  client.run(
    `DELETE FROM changes WHERE number <= (SELECT min(position) FROM watchers)
     AND number < (SELECT max(number) FROM changes) AND number < (SELECT min(number) FROM changes) + ?`,
    Math.min(Math.max(atLeast, trimmed), Number.MAX_SAFE_INTEGER),
  );
}
