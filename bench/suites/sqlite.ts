import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { isDeepStrictEqual } from "node:util";
import { sqlite } from "../../src/backends/sqlite.ts";
import type { Store } from "../../src/core/contract.ts";
import type { Bench, Suite } from "../bench.ts";
import { changeAll, title, waysOf, type BareChange } from "../changes.ts";
import { timed } from "../doWork.ts";
import { ours, type Item, type Peer } from "../peer.ts";
import { listKeys, storePeer } from "../storePeer.ts";
import { keysOf, valueOf } from "../values.ts";

/** What one would write by hand for the same tables and the same durability. */
export function bare(path: string): Peer & { single: Peer; changing: BareChange; keys(): string[] } {
  const db = new DatabaseSync(path);
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
    CREATE TABLE entries (key TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL, expires_at INTEGER) STRICT;
    CREATE INDEX deadlines ON entries (expires_at) WHERE expires_at IS NOT NULL`);
  const put = db.prepare(`INSERT INTO entries (key, value, expires_at) VALUES (?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at`);
  const select = db.prepare("SELECT value, expires_at FROM entries WHERE key = ?");
  const list = db.prepare("SELECT key FROM entries WHERE expires_at IS NULL OR expires_at > ? ORDER BY key");
  const set = (key: string, value: Uint8Array, ttl?: number): void =>
    void put.run(key, value, ttl === undefined ? null : Date.now() + ttl);
  const get = (key: string): unknown => select.get(key)?.value;
  const getAll = (keys: readonly string[]): unknown[] => keys.map(get);
  function setAll(items: readonly Item[]): void {
    db.exec("BEGIN IMMEDIATE");
    for (const [key, value] of items) set(key, value);
    db.exec("COMMIT");
  }
  return {
    name: "bare prepared, one transaction",
    set,
    get,
    setAll,
    getAll,
    keys: () => list.all(Date.now()).map(({ key }) => key as string),
    close: () => db.close(),
    single: { name: "bare prepared", set, get },
    changing: {
      name: "bare prepared",
      setMany: setAll,
      findMany: getAll,
      async change(keys, values) {
        db.exec("BEGIN IMMEDIATE");
        const given = getAll(keys);
        for (const [index, key] of keys.entries()) set(key, values[index]!);
        db.exec("COMMIT");
        return [given, values.map((value) => new Uint8Array(value))];
      },
    },
  };
}

/** Lists what the works have set, in order. */
async function list(bench: Bench, store: Store, floor: ReturnType<typeof bare>): Promise<void> {
  const items = keysOf(10_000).map((key, index) => [key, valueOf(index, 0, 100)] as const);
  await store.setMany(items);
  floor.setAll!(items);
  const peers = [
    { name: ours, keys: () => listKeys(store) },
    { name: floor.single.name, keys: floor.keys },
  ];
  const sorted = items.map(([key]) => key).sort();
  await bench.compare("listing 10,000 keys", items.length, peers, async ({ name, keys }) => {
    const start = performance.now();
    const found = await keys();
    const took = performance.now() - start;
    if (!isDeepStrictEqual(found, sorted)) throw new Error(`${name} did not list the keys`);
    return took;
  });
}

export const suite: Suite = async (bench) => {
  const folder = mkdtempSync(join(tmpdir(), "shelflife-bench-"));
  const store = sqlite({ path: join(folder, "ours.db") });
  const mine = storePeer(store);
  const strict = sqlite({ path: join(folder, "strict.db"), durability: "strict" });
  const safe: Peer = {
    name: "shelflife, strict",
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
    await bench.compare(title, row.calls, waysOf(store, floor.changing), (way, round) =>
      changeAll(way, { calls: row.calls, round }, timed),
    );
    const many = { calls: 10_000, callers: 64 };
    await bench.measure("64 callers, set, 100 B", [mine, floor.single], { ...many, what: "set" });
    await bench.measure("64 callers, get, 100 B", [mine, floor.single], { ...many, what: "get" });
    const mix = { calls: 10_000, callers: 64, ttl: 3_600_000, what: "mix" } as const;
    await bench.measure("mix: 64 callers, Zipf, 90 % get, half of the sets with a deadline", [mine, floor.single], mix);
    const megabytes = { calls: 20, callers: 1, size: 1 << 20 };
    await bench.measure("sequential set, 1 MiB", [mine, floor.single], { ...megabytes, what: "set" });
    await bench.measure("sequential get, 1 MiB", [mine, floor.single], { ...megabytes, what: "get" });
    await list(bench, store, floor);
  } finally {
    await Promise.all([store.close(), strict.close(), floor.close?.()]);
    rmSync(folder, { recursive: true, force: true });
  }
};
