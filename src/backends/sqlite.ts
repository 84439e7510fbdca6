import type { CompleteBackend, Entry, Listed, Store } from "../core/contract.ts";
import { UNCHANGED } from "../core/contract.ts";
import { createCompleteStore } from "../core/createCompleteStore.ts";
import { quote, StoreError } from "../core/error.ts";
import { checkOptions, positiveInteger, storeRules, type StoreOptions } from "../core/options.ts";
import type { Factory } from "../core/registry.ts";
import { sqliteCode, type Cell, type Client, type Row } from "./sqlite/client.ts";
import { openFile, pageCount, pages } from "./sqlite/file.ts";
import { createLog } from "./sqlite/log.ts";
import { createQueue, type Item } from "./sqlite/queue.ts";
import { createRoom } from "./sqlite/reserve.ts";

/** Where a SQLite store keeps its values. */
export interface SqliteOptions extends StoreOptions {
  /** The file, in a folder that exists. `":memory:"` keeps everything in memory, for this store alone. */
  path: string;
  /**
   * What a write that has resolved survives: the end of the process, or also (`"strict"`, several times slower) a power
   * failure. @default "relaxed"
   */
  durability?: "relaxed" | "strict" | undefined;
  /**
   * How large the file may grow, without the journal beside it: bytes. @default what the disk holds but for a reserve of up
   * to 4 MiB, without which nothing could be removed any more
   */
  maxBytes?: number | undefined;
}

declare module "../core/registry.ts" {
  interface Backends {
    sqlite: SqliteOptions;
  }
}

const rules = {
  ...storeRules,
  path: {
    expected: 'the name of a file or ":memory:"',
    required: true,
    test: (value: unknown) => typeof value === "string" && value !== "" && !value.includes("\0"),
  },
  durability: {
    expected: '"relaxed" or "strict"',
    test: (value: unknown) => value === "relaxed" || value === "strict",
  },
  maxBytes: positiveInteger,
};

/**
 * Returns a store in a SQLite file, by the SQLite that Node, Deno or Bun has built in. Any number of processes may share
 * the file. It is opened by the first call, which rejects `unsupported` where there is no SQLite, `unavailable` when the
 * file cannot be used, and `bad-config` when it is not a store's, or one of a later format. Throws `bad-config`.
 */
export function sqlite(options: SqliteOptions): Store {
  return sqliteFactory.build(sqliteFactory.valid(options)) as Store;
}

export const sqliteFactory: Factory<SqliteOptions> = {
  valid: (parameters) => checkOptions<SqliteOptions>("sqlite", parameters, rules),
  build: (options) => createCompleteStore(sqliteBackend(options), options),
};

// How many expired entries are removed at once, so that other calls are not held up.
const batch = 500;
// How many entries one statement writes: a call of SQLite costs as much as a short row.
const rowsAtOnce = 16;
// An array of its own costs more than the bytes of a short value: copies of these share memory. In bytes.
const slabSize = 65_536;
const longestInSlab = 1024;

// A whole number comes as one of JavaScript whatever its size, which Node would refuse to give; anything else as it is.
const deadline =
  "CASE WHEN typeof(expires_at) = 'integer' THEN CAST(expires_at AS REAL) ELSE expires_at END AS expires_at";
const statements = {
  get: `SELECT value, ${deadline} FROM entries WHERE key = ?`,
  head: `SELECT ${deadline} FROM entries WHERE key = ?`,
  set: set(1),
  setSome: set(rowsAtOnce),
  delete: `DELETE FROM entries WHERE key = ? RETURNING ${deadline}`,
  list: list(">="),
  listOn: list(">"),
  clear: "DELETE FROM entries WHERE key >= ? AND key < CAST(? AS TEXT)",
  // Without a condition SQLite need not look at what it removes.
  clearAll: "DELETE FROM entries",
  sweep: `DELETE FROM entries WHERE rowid IN (SELECT rowid FROM entries WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)
          RETURNING CAST(key AS BLOB) AS key`,
};

function set(rows: number): string {
  return `INSERT INTO entries (key, value, expires_at) VALUES ${Array(rows).fill("(?, ?, ?)").join()}
          ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at`;
}

// In the order of the column, which the index has, and not of what the result calls by the same name.
function list(from: string): string {
  return `SELECT CAST(key AS BLOB) AS key, ${deadline}, length(value) AS size FROM entries
          WHERE key ${from} ? AND key < CAST(? AS TEXT) ORDER BY entries.key LIMIT ?`;
}

function sqliteBackend(options: SqliteOptions): CompleteBackend {
  const { path, maxBytes, now = Date.now } = options;
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const encoder = new TextEncoder();
  let slab = new Uint8Array();
  let slabUsed = 0;
  // Of the transaction under way.
  let pagesBefore = 0;
  let rows = 0;
  let bytes = 0;

  const room = createRoom(path);
  const queue = createQueue({
    path,
    open: () => openFile(options),
    begin(client) {
      log.begin(client);
      rows = bytes = 0;
      if (maxBytes !== undefined) pagesBefore = pageCount(client);
    },
    end(client) {
      log.end(client);
      if (maxBytes !== undefined && rows) checkSize(client, maxBytes);
      if (rows) room.check(client, rows, bytes);
    },
    committed(client) {
      log.committed();
      if (rows) room.committed(client);
    },
    put: putAll,
    makeRoom(client) {
      client.get("PRAGMA wal_checkpoint(TRUNCATE)");
      client.run("BEGIN IMMEDIATE");
      try {
        log.begin(client);
        while (sweep(client, now()) === batch);
        log.end(client);
      } finally {
        client.run("COMMIT");
      }
      log.committed();
    },
  });
  const log = createLog(queue);

  function checkSize(client: Client, limit: number): void {
    const count = pageCount(client);
    if (count <= pages(client, limit) || count <= pagesBefore) return;
    throw Object.assign(new Error(`file is full at ${limit} bytes`), { errcode: sqliteCode.full });
  }

  function read(client: Client, key: string): Entry | undefined {
    const row = client.first(statements.get, key);
    return row && decode(key, row[0]!, row[1]!);
  }

  /** Writes entries in their order: the last of two under one key wins. */
  function putAll(client: Client, items: readonly Item[]): void {
    rows += items.length;
    for (let index = 0; index < items.length;) {
      const count = items.length - index < rowsAtOnce ? 1 : rowsAtOnce;
      const cells: Cell[] = [];
      for (const end = index + count; index < end; index++) {
        const [key, { value, expiresAt }] = items[index]!;
        cells.push(key, value, expiresAt === Infinity ? null : expiresAt);
        bytes += value.length;
      }
      client.runWith(count === 1 ? statements.set : statements.setSome, cells);
    }
    for (const [key] of items) log.add(client, "set", key);
  }

  function remove(client: Client, key: string, at: number): boolean {
    const row = client.get(statements.delete, key);
    if (!row) return false;
    const isLive = !isDeadline(row.expires_at!) || row.expires_at > at;
    log.add(client, isLive ? "delete" : "expire", key);
    return isLive;
  }

  /** Removes some of what has expired, and counts it. */
  function sweep(client: Client, at: number): number {
    const rows = client.all(statements.sweep, at, batch);
    for (const { key } of rows) log.add(client, "expire", decoder.decode(key as Uint8Array));
    return rows.length;
  }

  /** The lowest text that is above every key which begins with the prefix: no UTF-8 has such a byte. */
  function above(prefix: string): Uint8Array {
    const bytes = encoder.encode(prefix);
    const bound = new Uint8Array(bytes.length + 1).fill(0xff);
    bound.set(bytes);
    return bound;
  }

  /** Copies a value for as long as it takes to be written. */
  function hold({ value, expiresAt }: Entry): Entry {
    const { length } = value;
    // An empty part of something else is a NULL to Node 22.
    if (length === 0 || length > longestInSlab) return { value: new Uint8Array(value), expiresAt };
    if (slabUsed + length > slab.length) {
      slab = new Uint8Array(slabSize);
      slabUsed = 0;
    }
    const copy = slab.subarray(slabUsed, (slabUsed += length));
    copy.set(value);
    return { value: copy, expiresAt };
  }

  return {
    // Every row is read into an array of its own.
    returnsCopies: true,
    copiesValues: true,
    get: (key, { signal }) => queue.read(read, { key, signal }),
    set: (key, entry, { signal }) => queue.put([key, hold(entry)], signal),
    delete: (key, call) => queue.write((client) => remove(client, key, call.now()), { key, signal: call.signal }),
    isPersistent: () => path !== ":memory:",
    head: (key, { signal }) =>
      queue.read(
        (client) => {
          const row = client.get(statements.head, key);
          return row && { expiresAt: decodeDeadline(key, row.expires_at!) };
        },
        { key, signal },
      ),
    async mutate(key, decide, call) {
      const refused = await queue.write(
        (client) => {
          const current = read(client, key);
          let next: ReturnType<typeof decide>;
          try {
            next = decide(current);
          } catch (error) {
            // Nothing is written yet, so that the others in the transaction need not do it again.
            return { error };
          }
          if (next === UNCHANGED) return undefined;
          if (next) putAll(client, [[key, next]]);
          else if (current) remove(client, key, call.now());
          return undefined;
        },
        { key, signal: call.signal },
      );
      if (refused) throw refused.error;
    },
    getMany: (keys, { signal }) =>
      queue.read((client) => keys.map((key) => read(client, key)), { signal, isLong: true }),
    setMany(items, { signal }) {
      const held = items.map(([key, entry]): Item => [key, hold(entry)]);
      return queue.write((client) => putAll(client, held), { signal });
    },
    deleteMany: (keys, call) =>
      queue.write((client) => keys.filter((key) => remove(client, key, call.now())).length, { signal: call.signal }),
    list: ({ prefix, limit, cursor }, { signal }) =>
      queue.read(
        (client) => {
          const isGoingOn = cursor?.startsWith(prefix);
          const [sql, from] = isGoingOn ? [statements.listOn, cursor!] : [statements.list, prefix];
          const rows = client.all(sql, from, above(prefix), limit + 1);
          const entries = rows.slice(0, limit).map(describe);
          return rows.length > limit ? { entries, cursor: entries[limit - 1]!.key } : { entries };
        },
        { signal },
      ),
    clear: ({ prefix }, call) =>
      queue.write(
        (client) => {
          const range: [Cell, Cell] = [prefix, above(prefix)];
          log.addRange(client, ...range, call.now());
          if (prefix === "") client.run(statements.clearAll);
          else client.run(statements.clear, ...range);
        },
        { signal: call.signal },
      ),
    async sweep(call) {
      await queue.write((client) => log.ask(client));
      let count = 0;
      for (let removed = batch; removed === batch; count += removed) {
        call.signal?.throwIfAborted();
        removed = await queue.write((client) => sweep(client, call.now()));
      }
      return count;
    },
    watch: (_, observer) => log.watch(observer),
    async close() {
      await log.close();
      await queue.close();
    },
  };

  function describe({ key, expires_at: expiresAt, size }: Row): Listed {
    // A damaged row is listed too: reading it says what is wrong, and removing it helps.
    return {
      key: decoder.decode(key as Uint8Array),
      expiresAt: isDeadline(expiresAt!) ? expiresAt : Infinity,
      size: size as number,
    };
  }
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
