import type { Client } from "./client.ts";
import { pageCount, pages } from "./file.ts";
import { createReserve } from "./reserve.ts";
import { sqliteCode } from "./resultCode.ts";

/** Keeps a file within its size, and off the disk's reserve, transaction by transaction. */
export interface Quota {
  /** Called first in a transaction that writes. */
  begin(client: Client): void;
  /** Called with what the transaction has written. */
  count(rows: number, bytes: number): void;
  /** Called before the transaction is committed. Throws as SQLite does on a full disk. */
  check(client: Client): void;
  /** Called after it. */
  committed(client: Client): void;
}

/** Returns the quota of a file. */
export function createQuota(path: string, maxBytes: number | undefined): Quota {
  const reserve = createReserve(path);
  // Of the transaction under way.
  let pagesBefore = 0;
  let rows = 0;
  let bytes = 0;

  /** What makes the file no larger is always welcome. */
  function checkSize(client: Client, limit: number): void {
    const count = pageCount(client);
    if (count <= pages(client, limit) || count <= pagesBefore) return;
    throw Object.assign(new Error(`file is full at ${limit} bytes`), { errcode: sqliteCode.full });
  }

  return {
    begin(client) {
      rows = bytes = 0;
      if (maxBytes !== undefined) pagesBefore = pageCount(client);
    },
    count(moreRows, moreBytes) {
      rows += moreRows;
      bytes += moreBytes;
    },
    check(client) {
      if (!rows) return;
      if (maxBytes !== undefined) checkSize(client, maxBytes);
      reserve.check(client, rows, bytes);
    },
    committed(client) {
      if (rows) reserve.committed(client);
    },
  };
}
