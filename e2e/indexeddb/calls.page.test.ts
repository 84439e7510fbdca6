import { describe, expect, it } from "vitest";
import { newDatabase } from "../pages/database.ts";
import { contexts } from "./contexts.ts";
import { shelf } from "./shelf.ts";

describe("calls on IndexedDB", () => {
  it("calls of one turn act in the order in which they were made", async () => {
    const store = shelf.indexeddb({ database: newDatabase() });
    const set = (text: string) => store.set("k", shelf.bytes(text));
    const found = await shelf.codes([
      set("1"),
      store.get("k"),
      store.increment("k", 4),
      store.get("k"),
      store.delete("k"),
      store.find("k"),
      store.increment("k"),
      set("10"),
      store.increment("k"),
      store.update("k", (value) => shelf.bytes(`${shelf.text(value)}0`)),
      store.take("k"),
      store.setIfAbsent("k", shelf.bytes("7")),
      store.clear(),
      store.find("k"),
      store.find("k"),
      store.setMany([
        ["k", shelf.bytes("8")],
        ["l", shelf.bytes("9")],
      ]),
      store.findMany(["k", "l"]),
      store.deleteMany(["k", "l"]),
      set("last"),
      store.list().then(({ entries }) => entries.map(({ key }) => key)),
      store.get("k"),
      store.close(),
    ]);
    const first = ["done", "1", 5, "5", "done", "done", 1, "done", 11, "110", "110", true];
    const last = ["done", "done", "done", "done", ["8", "9"], 2, "done", ["k"], "last", "done"];
    expect(found).toStrictEqual([...first, ...last]);
  });

  it("close finishes what was asked, and nothing hangs after it", async () => {
    const database = newDatabase();
    const store = shelf.indexeddb({ database });
    const calls: Promise<unknown>[] = [];
    for (let index = 0; index < 100; index++) {
      calls.push(store.set(`${index}`, shelf.bytes("1")), store.find(`${index}`), store.increment("n"));
    }
    const changes = store.watch();
    const next = changes.next();
    let pending = calls.length;
    for (const call of calls) void call.finally(() => pending--);
    const closing = [store.close().then(() => pending), store.close()];
    const late = shelf.codes([
      next.then(({ done }) => done),
      store.get("1"),
      store.set("1", shelf.bytes("2")),
      store.list(),
      store.sweep(),
      store.close(),
    ]);
    expect((await shelf.outcomes([...calls, ...closing])).filter(({ code }) => code)).toStrictEqual([]);
    expect(await closing[0]).toBe(0);
    expect(await late).toStrictEqual([true, "closed", "closed", "closed", "closed", "done"]);
    const raw = await shelf.raw(database);
    expect(await raw.count("entries")).toBe(101);
    raw.close();
    // Not blocked: the connection is closed.
    await shelf.remove(database);
  });

  it("a store that asks for durable storage does not wait for the answer", async () => {
    const database = newDatabase();
    const { persist } = StorageManager.prototype;
    let asked = 0;
    StorageManager.prototype.persist = function () {
      asked++;
      return persist.call(this);
    };
    const store = shelf.indexeddb({ database, persist: true });
    const outcomes = await shelf.outcomes([store.set("a", shelf.noise(100_000)), store.get("a")]);
    StorageManager.prototype.persist = persist;
    expect(outcomes).toStrictEqual([{}, { value: 100_000 }]);
    expect(asked).toBe(1);
    const use = async (database: string) => {
      const store = shelf.indexeddb({ database, persist: true });
      await store.increment("n");
      await store.close();
      return shelf.storageUsage();
    };
    const inWorker = (await contexts.inWorker(use, database)) as Awaited<ReturnType<typeof shelf.storageUsage>>;
    for (const { usage, quota, persisted } of [await shelf.storageUsage(), inWorker]) {
      expect(usage).toBeGreaterThan(0);
      expect(quota).toBeGreaterThan(usage);
      expect(persisted).toBeTypeOf("boolean");
    }
    await store.close();
  });
});
