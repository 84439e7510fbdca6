import type { Entry, EntryPage, KeyedEntry, Listed, Page } from "../../core/contract.ts";
import { quote, StoreError } from "../../core/error.ts";
import type { ChangeLog } from "./changeLog.ts";
import type { Cell, Client, Row } from "./client.ts";
import type { Item } from "./job.ts";
import { above, decodeKey } from "./key.ts";
import type { Quota } from "./quota.ts";
import { fewRowsAtOnce, rowsAtOnce, statements } from "./statements.ts";

/** How many expired entries are removed at once, so that other calls are not held up. */
export const sweepBatch = 500;

/** The table of entries, within whatever transaction the client is in. What is changed in it is written down in the log. */
export interface Entries {
  read(client: Client, key: string): Entry | undefined;
  /** Reads a deadline alone. */
  head(client: Client, key: string): { readonly expiresAt: number } | undefined;
  /** Writes entries in their order: the last of two under one key wins. */
  put(client: Client, items: readonly Item[]): void;
  /** Removes an entry, damaged or not. Returns whether there was a live one. */
  remove(client: Client, key: string): boolean;
  list(client: Client, options: { prefix: string; limit: number; cursor?: string | undefined }): Page;
  /** The same, with the entries themselves. */
  listEntries(client: Client, options: { prefix: string; limit: number; cursor?: string | undefined }): EntryPage;
  clear(client: Client, prefix: string): void;
  /** Returns the first deadline there is, `Infinity` for none. */
  soonest(client: Client): number;
  /** Removes a batch of what has expired, of the keys that begin with a prefix, and counts it. */
  sweep(client: Client, prefix: string): number;
}

/** Returns the table of entries. */
export function createEntries(log: ChangeLog, quota: Quota, now: () => number): Entries {
  return {
    read(client, key) {
      const row = client.first(statements.get, key);
      return row && decode(key, row[0]!, row[1]!);
    },
    head(client, key) {
      const row = client.get(statements.head, key);
      return row && { expiresAt: decodeDeadline(key, row.expires_at!) };
    },
    put(client, items) {
      let bytes = 0;
      for (let index = 0; index < items.length;) {
        const [sql, count] = setterOf(items.length - index);
        const cells: Cell[] = [];
        for (const end = index + count; index < end; index++) {
          const [key, { value, expiresAt }] = items[index]!;
          cells.push(key, value, expiresAt === Infinity ? null : expiresAt);
          bytes += value.length;
        }
        client.runWith(sql, cells);
      }
      quota.count(items.length, bytes);
      log.add(
        client,
        "set",
        items.map(([key]) => key),
      );
    },
    remove(client, key) {
      const row = client.get(statements.delete, key);
      if (!row) return false;
      const isLive = !isDeadline(row.expires_at!) || row.expires_at > now();
      log.add(client, isLive ? "delete" : "expire", [key]);
      return isLive;
    },
    list: (client, page) => readPage(client, page, [statements.list, statements.listOn], toListed),
    listEntries: (client, page) => readPage(client, page, [statements.read, statements.readOn], toKeyed),
    clear(client, prefix) {
      const range: [Cell, Cell] = [prefix, above(prefix)];
      log.addRange(client, ...range, now());
      if (prefix === "") client.run(statements.clearAll);
      else client.run(statements.clear, ...range);
    },
    soonest: (client) => Number(client.get(statements.soonest)?.expires_at ?? Infinity),
    sweep(client, prefix) {
      const rows =
        prefix === ""
          ? client.all(statements.sweep, now(), sweepBatch)
          : client.all(statements.sweepWithin, now(), prefix, above(prefix), sweepBatch);
      log.add(
        client,
        "expire",
        rows.map(({ key }) => decodeKey(key!)),
      );
      return rows.length;
    },
  };
}

/** Returns the statement that writes the most entries of so many, and how many it writes. */
function setterOf(left: number): [sql: string, count: number] {
  if (left >= rowsAtOnce) return [statements.setSome, rowsAtOnce];
  return left >= fewRowsAtOnce ? [statements.setFew, fewRowsAtOnce] : [statements.set, 1];
}

/** Reads a page of rows, and of each what `read` makes of it. */
function readPage<E extends { readonly key: string }>(
  client: Client,
  { prefix, limit, cursor }: { prefix: string; limit: number; cursor?: string | undefined },
  [first, on]: readonly [first: string, on: string],
  read: (row: Row) => E,
): { entries: E[]; cursor?: string } {
  // A cursor is what follows the prefix in the last key, so that any text is a position within the prefix.
  const [sql, from] = cursor === undefined ? [first, prefix] : [on, prefix + cursor];
  const rows = client.all(sql, from, above(prefix), limit + 1);
  const entries = rows.slice(0, limit).map(read);
  return rows.length > limit ? { entries, cursor: entries[limit - 1]!.key.slice(prefix.length) } : { entries };
}

function toKeyed({ key: bytes, value, expires_at: expiresAt }: Row): KeyedEntry {
  const key = decodeKey(bytes!);
  return { key, ...decode(key, value!, expiresAt!) };
}

function toListed({ key, expires_at: expiresAt, size }: Row): Listed {
  // A damaged row is listed too: reading it says what is wrong, and removing it helps.
  return { key: decodeKey(key!), expiresAt: isDeadline(expiresAt!) ? expiresAt : Infinity, size: size as number };
}

function decode(key: string, value: Cell, expiresAt: Cell): Entry {
  if (!(value instanceof Uint8Array)) throw damaged(key, "bytes", value);
  return { value, expiresAt: decodeDeadline(key, expiresAt) };
}

function decodeDeadline(key: string, expiresAt: Cell): number {
  if (expiresAt === null) return Infinity;
  if (isDeadline(expiresAt)) return expiresAt;
  throw damaged(key, "a deadline in whole ms", expiresAt);
}

function isDeadline(cell: Cell): cell is number {
  return Number.isSafeInteger(cell);
}

function damaged(key: string, expected: string, got: unknown): StoreError {
  return new StoreError("cant-decode", `Cannot decode key ${quote(key)}: expected ${expected}, got ${quote(got)}`, {
    key,
  });
}
