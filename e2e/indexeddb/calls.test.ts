import assert from "node:assert/strict";
import { it } from "vitest";
import { inEngines } from "./driver.ts";

inEngines("calls on IndexedDB", ["chromium", "firefox", "webkit"], {}, (place) => {
  it("a damaged record is cant-decode, and its neighbours, listings and removals go on", async () => {
    const database = place.database();
    const page = await place.open();
    const { damaged, found } = await page.evaluate(async (database) => {
      const store = shelf.indexeddb({ database });
      await store.set("a", shelf.bytes("whole"));
      await store.set("z", shelf.bytes("whole"), { ttl: 100_000 });
      const v = shelf.bytes("bytes");
      const records: Record<string, unknown> = {
        null: null,
        string: "text",
        number: 7,
        array: [v],
        "text in v": { v: "text" },
        "buffer in v": { v: v.buffer },
        "words in v": { v: new Uint16Array(2) },
        "no v": {},
        "text in e": { v, e: "x" },
        "NaN in e": { v, e: Number.NaN },
        "date in e": { v, e: new Date(0) },
        future: { version: 2, value: v, expires: { at: 1 } },
      };
      const damaged = Object.keys(records);
      await shelf.putRaw(database, Object.entries(records));
      const codes = async (calls: Promise<unknown>[]) =>
        (await shelf.outcomes(calls)).map(({ code, key, value }) => (code ? `${code} ${key}` : (value ?? "done")));
      const found: Record<string, unknown> = {};
      for (const key of damaged) {
        found[key] = await codes([
          store.get(key),
          store.find(key),
          store.has(key),
          store.entry(key),
          store.findMany(["a", key, "z"]),
          store.increment(key),
          store.update(key, () => undefined),
          store.take(key),
          store.touch(key, { ttl: 5 }),
          store.compareAndSet(key, undefined, v),
          store.get("a"),
        ]);
      }
      found.together = await codes(damaged.flatMap((key) => [store.increment(key), store.increment("n")]));
      found.neighbours = await codes([store.findMany(["a", "z"])]);
      const keys: string[] = [];
      for await (const key of store.keys()) keys.push(key);
      found.keys = keys.sort();
      // NaN is no key, yet WebKit has it in the index, among what has expired.
      found.deleteNaN = await codes([store.delete("NaN in e")]);
      found.swept = await store.sweep();
      found.set = await codes([
        store.set("null", v),
        store.get("null"),
        store.setMany([["string", v]]),
        store.get("string"),
      ]);
      found.delete = await codes([store.delete("number"), store.find("number"), store.deleteMany(["future", "array"])]);
      found.clear = await codes([store.clear({ prefix: "text" }), store.find("text in v"), store.get("a")]);
      found.clearAll = await codes([store.clear(), store.list().then(({ entries }) => entries.length)]);
      await store.close();
      return { damaged, found };
    }, database);
    for (const key of damaged) assert.deepEqual(found[key], [...Array(10).fill(`cant-decode ${key}`), "whole"], key);
    assert.deepEqual(
      found.together,
      damaged.flatMap((key, index) => [`cant-decode ${key}`, index + 1]),
    );
    assert.deepEqual(found.neighbours, [["whole", "whole"]]);
    assert.deepEqual(found.keys, [...damaged, "a", "n", "z"].sort());
    assert.equal(found.swept, 0);
    assert.deepEqual(found.deleteNaN, ["done"]);
    assert.deepEqual(found.set, ["done", "bytes", "done", "bytes"]);
    assert.deepEqual(found.delete, ["done", "done", 2]);
    assert.deepEqual(found.clear, ["done", "done", "whole"]);
    assert.deepEqual(found.clearAll, ["done", 0]);
  });

  it("concurrent calls share transactions", async () => {
    const database = place.database();
    const page = await place.open();
    const counts = await page.evaluate(async (database) => {
      const store = shelf.indexeddb({ database });
      await store.find("a");
      const value = shelf.bytes("value");
      const keys = Array.from({ length: 1000 }, (_, index) => `key ${index}`);
      const count = (work: (key: string) => Promise<unknown>, among = keys) =>
        shelf.transactionsOf(async () => void (await Promise.all(among.map(work))));
      const counts = {
        sets: await count((key) => store.set(key, value)),
        gets: await count((key) => store.get(key)),
        increments: await count(() => store.increment("n")),
        deletes: await count((key) => store.delete(key)),
        setMany: await shelf.transactionsOf(() => store.setMany(keys.map((key) => [key, value]))),
        list: await shelf.transactionsOf(() => store.list({ limit: 1000 })),
        mixed: await count(
          (key) => Promise.all([store.get(key), store.set(key, value), store.increment("n")]),
          keys.slice(0, 300),
        ),
        oneByOne: await shelf.transactionsOf(async () => {
          for (const key of keys.slice(0, 200)) await store.get(key);
        }),
        clear: await shelf.transactionsOf(() => store.clear()),
      };
      await store.close();
      return counts;
    }, database);
    for (const [what, count] of Object.entries(counts)) {
      assert.ok(count >= 1 && count <= 3, `${what} used ${count} transactions`);
    }
  });

  it("a call of a burst that fails fails alone", async () => {
    const database = place.database();
    const page = await place.open();
    const { outcomes, list, transactions } = await page.evaluate(async (database) => {
      const store = shelf.indexeddb({ database });
      await store.set("text", shelf.bytes("no number"));
      const fails = () => {
        throw new Error("of the caller's own");
      };
      let outcomes: { value?: unknown; code?: string }[] = [];
      const transactions = await shelf.transactionsOf(async () => {
        outcomes = await shelf.outcomes([
          store.set("a", shelf.bytes("1")),
          store.update("b", fails),
          store.increment("text"),
          store.increment("n"),
          store.update("a", (value) => shelf.bytes(`${shelf.text(value)}2`)),
          store.delete("nobody"),
          // A value that only the function itself can spoil.
          store.update("c", () => "text" as never),
          store.setMany([["d", shelf.bytes("4")]]),
          store.get("a"),
        ]);
      });
      const list = (await store.list()).entries.map(({ key }) => key);
      await store.close();
      return { outcomes: outcomes.map(({ code, value }) => code ?? value ?? "done"), list, transactions };
    }, database);
    assert.deepEqual(outcomes, [
      "done",
      "no StoreError: Error: of the caller's own",
      "cant-decode",
      1,
      "12",
      "not-found",
      "invalid-argument",
      "done",
      "12",
    ]);
    assert.deepEqual(list, ["a", "d", "n", "text"]);
    assert.equal(transactions, 1);
  });

  it("calls of one turn act in the order in which they were made", async () => {
    const database = place.database();
    const page = await place.open();
    const outcomes = await page.evaluate(async (database) => {
      const store = shelf.indexeddb({ database });
      const set = (text: string) => store.set("k", shelf.bytes(text));
      const outcomes = await shelf.outcomes([
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
      return outcomes.map(({ code, value }) => code ?? value ?? "done");
    }, database);
    const first = ["done", "1", 5, "5", "done", "done", 1, "done", 11, "110", "110", true];
    assert.deepEqual(outcomes, [...first, "done", "done", "done", ["8", "9"], 2, "done", ["k"], "last", "done"]);
  });

  it("close finishes what was asked, and nothing hangs after it", async () => {
    const database = place.database();
    const page = await place.open();
    const { before, left, after, count } = await page.evaluate(async (database) => {
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
      const late = shelf.outcomes([
        next.then(({ done }) => done),
        store.get("1"),
        store.set("1", shelf.bytes("2")),
        store.list(),
        store.sweep(),
        store.close(),
      ]);
      const before = (await shelf.outcomes([...calls, ...closing])).filter(({ code }) => code);
      const left = await closing[0];
      const after = (await late).map(({ code, value }) => code ?? value ?? "done");
      const raw = await shelf.raw(database);
      const count = await shelf.request(raw.transaction("entries").objectStore("entries").count());
      raw.close();
      // Not blocked: the connection is closed.
      await shelf.remove(database);
      return { before, left, after, count };
    }, database);
    assert.deepEqual(before, []);
    assert.equal(left, 0);
    assert.deepEqual(after, [true, "closed", "closed", "closed", "closed", "done"]);
    assert.equal(count, 101);
  });

  it("a store that asks for durable storage does not wait for the answer", async () => {
    const database = place.database();
    const page = await place.open();
    const { outcomes, asked, usage, inWorker } = await page.evaluate(async (database) => {
      const { persist } = StorageManager.prototype;
      let asked = 0;
      StorageManager.prototype.persist = function () {
        asked++;
        return persist.call(this);
      };
      const store = shelf.indexeddb({ database, persist: true });
      const outcomes = await shelf.outcomes([store.set("a", shelf.noise(100_000)), store.get("a")], 5000);
      const use = async (database: string) => {
        const store = shelf.indexeddb({ database, persist: true });
        await store.increment("n");
        await store.close();
        return shelf.storageUsage();
      };
      const inWorker = (await contexts.inWorker(use, database)) as Awaited<ReturnType<typeof shelf.storageUsage>>;
      const usage = await shelf.storageUsage();
      await store.close();
      return { outcomes, asked, usage, inWorker };
    }, database);
    assert.deepEqual(outcomes, [{}, { value: 100_000 }]);
    assert.equal(asked, 1);
    for (const { usage: used, quota, persisted } of [usage, inWorker]) {
      assert.ok(used > 0 && quota > used, `${used} of ${quota}`);
      assert.equal(typeof persisted, "boolean");
    }
  });
});
