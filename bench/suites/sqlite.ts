import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { sqlite } from "../../src/backends/sqlite.ts";
import { ours, type Peer, type Suite } from "../bench.ts";

/** What one would write by hand for the same tables and the same durability. */
function bare(path: string): Peer & { single: Peer } {
  const db = new DatabaseSync(path);
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
    CREATE TABLE entries (key TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL, expires_at INTEGER) STRICT;
    CREATE INDEX deadlines ON entries (expires_at) WHERE expires_at IS NOT NULL`);
  const put = db.prepare(`INSERT INTO entries (key, value, expires_at) VALUES (?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at`);
  const select = db.prepare("SELECT value, expires_at FROM entries WHERE key = ?");
  const set = (key: string, value: Uint8Array): void => void put.run(key, value, null);
  const get = (key: string): unknown => select.get(key)?.value;
  return {
    name: "bare prepared, one transaction",
    set,
    get,
    setAll(items) {
      db.exec("BEGIN IMMEDIATE");
      for (const [key, value] of items) set(key, value);
      db.exec("COMMIT");
    },
    getAll: (keys) => keys.map(get),
    close: () => db.close(),
    single: { name: "bare prepared", set, get },
  };
}

export const suite: Suite = async (bench) => {
  const folder = mkdtempSync(join(tmpdir(), "shelflife-bench-"));
  const store = sqlite({ path: join(folder, "ours.db") });
  const mine: Peer = { name: ours, set: (key, value) => store.set(key, value), get: (key) => store.get(key) };
  const strict = sqlite({ path: join(folder, "strict.db"), durability: "strict" });
  const safe: Peer = {
    name: "strict (survives power failure)",
    set: (key, value) => strict.set(key, value),
    get: (key) => strict.get(key),
  };
  const floor = bare(join(folder, "bare.db"));
  try {
    const burst = { calls: 10_000, callers: Infinity };
    await bench.measure("concurrent set, 100 B", [mine, floor, safe], { ...burst, what: "set" });
    await bench.measure("concurrent get, 100 B", [mine, floor], { ...burst, what: "get" });
    const row = { calls: 1000, callers: 1 };
    await bench.measure("sequential set, 100 B", [mine, floor.single], { ...row, what: "set" });
    await bench.measure("sequential get, 100 B", [mine, floor.single], { ...row, what: "get" });
    const many = { calls: 10_000, callers: 64 };
    await bench.measure("64 callers, set, 100 B", [mine, floor.single], { ...many, what: "set" });
    await bench.measure("64 callers, get, 100 B", [mine, floor.single], { ...many, what: "get" });
  } finally {
    await Promise.all([store.close(), strict.close(), floor.close?.()]);
    rmSync(folder, { recursive: true, force: true });
  }
};
