import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll } from "vitest";
import { sqlite, type SqliteOptions } from "../../src/backends/sqlite.ts";
import type { Store } from "../../src/core/contract.ts";

/** A folder for the files of a test file, which goes with them. */
export const folder = mkdtempSync(join(tmpdir(), "shelflife-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;

/** The path of a file that is not there yet. */
export const fresh = (): string => join(folder, `${++files}.db`);

/** Does something to a file that only SQLite itself can do. */
export function tamper(path: string, sql: string): void {
  const db = new DatabaseSync(path);
  db.exec(sql);
  db.close();
}

/** How many rows a table of a file has, or those of it for which something holds. */
export function count(path: string, table: string): number {
  const db = new DatabaseSync(path, { readOnly: true });
  const { n } = db.prepare(`SELECT count(*) AS n FROM ${table}`).get() as { n: number };
  db.close();
  return n;
}

/** Closes a store when the work with it is done. */
export async function using(options: SqliteOptions, work: (store: Store) => Promise<void>): Promise<void> {
  const store = sqlite(options);
  try {
    await work(store);
  } finally {
    await store.close();
  }
}
