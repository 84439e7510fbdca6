import type { Change, Observer } from "../../core/contract.ts";
import { StoreError } from "../../core/error.ts";
import { letExit } from "../../core/timers.ts";
import type { Cell, Client, Row } from "./client.ts";
import type { Queue } from "./queue.ts";

// How often a watcher looks whether another process has written: ms.
const interval = 40;
// How many changes are read at once.
const page = 1000;
// After how many changes a watcher says how far it has read, and removes what all have.
const stride = 500;
// How far a watcher may be behind before it is asked for a sign of life: changes.
const longLag = 1000;
// How long it has for its answer: ms. A process that stands still for longer loses its watch, and is told so.
const patience = 30_000;
// How much of the log is removed at once.
const trimmed = 5000;

const types: readonly Change["type"][] = ["set", "delete", "expire"];

/**
 * Tells changes to every process. They are written down in the transaction that makes them, but only while the file knows
 * of a watcher, and each watcher reads them in their order. A watcher that dies without a word is found out by its lag.
 */
export interface Log {
  /** Called first and last in every transaction that writes, and once that is committed. */
  begin(client: Client): void;
  end(client: Client): void;
  committed(): void;
  /** Writes down a change. */
  add(client: Client, type: Change["type"], key: string): void;
  /** Writes down that all entries go whose keys are from `low` to below `high`. */
  addRange(client: Client, low: Cell, high: Cell, now: number): void;
  /** Asks every watcher for a sign of life, and forgets those who gave none. */
  ask(client: Client): void;
  watch(observer: Observer): Promise<() => void>;
  close(): Promise<void>;
}

/** How far this process has read. */
interface Reader {
  readonly id: string;
  /** Of the last change read, and of the last that the file knows to have been read. */
  position: number;
  saved: number;
}

/** Returns the log of a file. */
export function createLog(queue: Queue): Log {
  const observers = new Map<Observer, number>();
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let wanted = 0;
  let reader: Reader | undefined;
  let timer: ReturnType<typeof setInterval> | undefined;
  let isReading = false;
  let isStale = false;
  // By which another process's write is noticed, of which connection.
  let seen: { client: Client; version: Cell } | undefined;
  // Of the transaction under way.
  let watchers: Row[] = [];
  let isAdded = false;

  function begin(client: Client): void {
    watchers = client.all("SELECT id, position, asked_at FROM watchers");
    isAdded = false;
  }

  function end(client: Client): void {
    if (!isAdded) return;
    const last = lastNumber(client);
    const late = watchers.filter(({ position }) => last - (position as number) > longLag);
    if (late.length) demand(client, late);
  }

  function demand(client: Client, asked: readonly Row[]): void {
    const now = Date.now();
    for (const { id, asked_at: askedAt } of asked) {
      // Whoever asks is alive.
      if (id === reader?.id) continue;
      // The clock may have been turned back.
      const isNew = askedAt === null || (askedAt as number) > now;
      if (isNew) client.run("UPDATE watchers SET asked_at = ? WHERE id = ?", now, id!);
      else if (now - (askedAt as number) > patience) forget(client, id as string);
    }
  }

  function forget(client: Client, id: string): void {
    client.run("DELETE FROM watchers WHERE id = ?", id);
    if (client.get("SELECT 1 FROM watchers")) trim(client);
    else client.run("DELETE FROM changes");
  }

  async function watch(observer: Observer): Promise<() => void> {
    if (!wanted++) reader = { id: crypto.randomUUID(), position: -1, saved: -1 };
    const mine = reader!;
    let start: number;
    try {
      start = await queue.write((client) => {
        const last = lastNumber(client);
        client.run("INSERT INTO watchers (id, position) VALUES (?, ?) ON CONFLICT DO NOTHING", mine.id, last);
        // What this transaction does next is told.
        begin(client);
        return last;
      });
    } catch (error) {
      leave(mine);
      throw error;
    }
    if (mine.position < 0) mine.position = mine.saved = start;
    observers.set(observer, start);
    if (!timer) letExit((timer = setInterval(look, interval)));
    // The rest of that transaction was committed when nobody here was listening yet.
    void read();
    return () => {
      if (observers.delete(observer)) leave(mine);
    };
  }

  function leave(mine: Reader): void {
    if (mine !== reader || --wanted) return;
    reader = undefined;
    clearInterval(timer);
    timer = undefined;
    queue.write((client) => forget(client, mine.id)).catch(() => {});
  }

  /** Reads if another process has written. */
  function look(): void {
    const client = queue.client();
    try {
      if (client && seen?.client === client && seen.version === version(client)) return;
    } catch {
      // Reading will tell.
    }
    void read();
  }

  async function read(): Promise<void> {
    isStale = true;
    if (isReading) return;
    isReading = true;
    while (isStale && reader) {
      isStale = false;
      const mine = reader;
      try {
        await readAll(mine);
      } catch (error) {
        if (mine === reader) breakOff(error);
      }
    }
    isReading = false;
  }

  async function readAll(mine: Reader): Promise<void> {
    for (let rows: Row[] | undefined; !rows || rows.length === page;) {
      let row: Row | undefined;
      [rows, row] = await queue.read((client) => {
        seen = { client, version: version(client) };
        // In this order: as long as the file knows this watcher, it keeps what that has not read.
        return [
          client.all(
            "SELECT number, type, CAST(key AS BLOB) AS key FROM changes WHERE number > ? ORDER BY number LIMIT ?",
            mine.position,
            page,
          ),
          client.get("SELECT asked_at FROM watchers WHERE id = ?", mine.id),
        ];
      });
      if (mine !== reader) return;
      if (!row)
        throw new StoreError("unavailable", `Watch broke: expected a sign of life within ${patience} ms, got none`);
      tell(mine, rows);
      if (row.asked_at !== null || mine.position - mine.saved >= stride) await save(mine);
    }
  }

  function tell(mine: Reader, rows: readonly Row[]): void {
    for (const { number, type, key } of rows) {
      mine.position = number as number;
      const change: Change = { type: types[type as number]!, key: decoder.decode(key as Uint8Array) };
      for (const [observer, start] of observers) if (start < mine.position) observer.changed(change);
    }
  }

  async function save(mine: Reader): Promise<void> {
    const { position } = mine;
    await queue.write((client) => {
      client.run("UPDATE watchers SET position = ?, asked_at = NULL WHERE id = ?", position, mine.id);
      trim(client);
    });
    mine.saved = position;
  }

  /** Ends every watch with an error. */
  function breakOff(error: unknown): void {
    const told = [...observers.keys()];
    observers.clear();
    wanted = 1;
    leave(reader!);
    for (const observer of told) observer.failed(error);
  }

  return {
    begin,
    end,
    committed() {
      if (isAdded && reader) void read();
    },
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
    ask: (client) => demand(client, watchers),
    watch,
    async close() {
      clearInterval(timer);
      observers.clear();
      const mine = reader;
      reader = undefined;
      if (mine) await queue.write((client) => forget(client, mine.id)).catch(() => {});
    },
  };
}

function lastNumber(client: Client): number {
  return (client.get("SELECT max(number) AS number FROM changes")!.number as number | null) ?? 0;
}

/** Removes what every watcher has read, but for the last change: from its number the next one's is made. */
function trim(client: Client): void {
  client.run(
    `DELETE FROM changes WHERE number <= (SELECT min(position) FROM watchers)
     AND number < (SELECT max(number) FROM changes) AND number < (SELECT min(number) FROM changes) + ?`,
    trimmed,
  );
}

function version(client: Client): Cell {
  return client.get("PRAGMA data_version")!.data_version!;
}
