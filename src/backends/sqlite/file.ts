import { isStoreError, quote, StoreError } from "../../core/error.ts";
import type { History } from "../../core/history.ts";
import { pause } from "../../core/pause.ts";
import { openClient, type Client } from "./client.ts";
import { inodeOf, makeFile } from "./fileIdentity.ts";
import { arrange, changesTable, isAsAsked } from "./history.ts";
import { isBusy, resultCodeOf, sqliteCode } from "./resultCode.ts";

/** What a file is opened with. */
export interface FileOptions {
  readonly path: string;
  readonly durability?: "relaxed" | "strict" | undefined;
  readonly maxBytes?: number | undefined;
  readonly history?: History | false | undefined;
}

// "shlf", in the file's header, where others can see whose it is.
const application = 0x73686c66;
const format = 1;

// How long SQLite itself waits for a lock, holding up everything else: ms. Whoever waits longer does so on a timer.
const busyTimeout = 20;
// How long opening waits for the locks of other processes: ms.
const longestOpening = 10_000;
// Beyond `maxBytes`, so that removing, which is written down for watchers, does not need what it is about to give back: bytes.
const removalReserve = 1 << 20;

const tables = [
  `CREATE TABLE entries (key TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL, expires_at INTEGER) STRICT`,
  // Values without a deadline are not in it and cost nothing.
  `CREATE INDEX deadlines ON entries (expires_at) WHERE expires_at IS NOT NULL`,
  `CREATE TABLE watchers (id TEXT NOT NULL PRIMARY KEY, position INTEGER NOT NULL, asked_at INTEGER) STRICT`,
  changesTable,
];

/**
 * Opens a store's file, which is made if there is none. Any file that is not one of ours, and one of a later format, is
 * `bad-config` and stays as it is.
 */
export async function openFile(options: FileOptions): Promise<Client> {
  const { path } = options;
  // Otherwise some runtimes would take it for an address.
  const name = path.startsWith("file:") ? `./${path}` : path;
  const start = performance.now();
  for (;;) {
    let client: Client | undefined;
    try {
      if (path !== ":memory:") makeFile(path);
      client = await openClient(name);
      prepare(client, options);
      return client;
    } catch (error) {
      try {
        client?.close();
      } catch {
        // The first error says more.
      }
      const code = resultCodeOf(error);
      // Of two processes that open a new file at once, one is refused the switch to WAL, whatever the timeout.
      if (!isBusy(code) || performance.now() - start > longestOpening) throw openingError(error, code, path);
      await pause(15);
    }
  }
}

function prepare(client: Client, { path, durability, maxBytes, history }: FileOptions): void {
  // First of all: what follows may meet a lock.
  client.get(`PRAGMA busy_timeout = ${busyTimeout}`);
  client.get(`PRAGMA synchronous = ${durability === "strict" ? "FULL" : "NORMAL"}`);
  // In one look, because another process may be making the file.
  client.run("BEGIN");
  const isEmpty = isNew(client, path);
  client.run("COMMIT");
  if (isEmpty) {
    client.get(`PRAGMA encoding = 'UTF-8'`);
    client.run("BEGIN IMMEDIATE");
    // Another process may have been faster.
    if (isNew(client, path)) {
      for (const table of tables) client.run(table);
      client.run(`PRAGMA application_id = ${application}`);
      client.run(`PRAGMA user_version = ${format}`);
    }
    client.run("COMMIT");
  }
  client.get("PRAGMA journal_mode = WAL");
  // Makes the journal, if there is none.
  client.get("SELECT 1 FROM sqlite_schema");
  // What a burst of writes leaves of the journal is given back.
  client.get(`PRAGMA journal_size_limit = ${64 << 20}`);
  const file = inodeOf(path);
  if (history !== undefined && !isAsAsked(client, history, file)) {
    client.run("BEGIN IMMEDIATE");
    arrange(client, history, file);
    client.run("COMMIT");
  }
  if (maxBytes !== undefined) client.get(`PRAGMA max_page_count = ${pages(client, maxBytes + removalReserve)}`);
}

/** How many of a file's pages are in that many bytes. */
export function pages(client: Client, bytes: number): number {
  return Math.max(1, Math.floor(bytes / number(client, "page_size")));
}

/** How many pages a file has. */
export function pageCount(client: Client): number {
  return number(client, "page_count");
}

/** How large a file is once all is in it that was committed: bytes. */
export function fileBytes(client: Client): number {
  return pageCount(client) * number(client, "page_size");
}

function number(client: Client, pragma: string): number {
  return client.get(`PRAGMA ${pragma}`)![pragma] as number;
}

/** Whether a file is empty. Throws for one that is neither empty nor ours. */
function isNew(client: Client, path: string): boolean {
  const [owner, version] = [number(client, "application_id"), number(client, "user_version")];
  if (owner === application && version === format) return false;
  if (owner === 0 && version === 0 && !client.get("SELECT 1 FROM sqlite_schema")) return true;
  const got = owner === application ? `one of format ${version}` : "another application's";
  throw foreign(path, got);
}

function foreign(path: string, got: string, cause?: unknown): StoreError {
  const expected = `must be a new file or a store's of format ${format}, got ${JSON.stringify(path)}, ${got}`;
  return new StoreError("bad-config", `Cannot open store "sqlite": option "path" ${expected}`, { cause });
}

/** What opening rejects with. */
function openingError(error: unknown, code: number | undefined, path: string): unknown {
  if (isStoreError(error)) return error;
  if (code === sqliteCode.notADatabase) return foreign(path, "which is no database", error);
  const reason = error instanceof Error ? error.message : error;
  const expected = `expected a file that can be read and written, got ${quote(reason)}`;
  return new StoreError("unavailable", `Cannot open store "sqlite" at ${JSON.stringify(path)}: ${expected}`, {
    cause: error,
  });
}
