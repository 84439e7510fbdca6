import { describe, expect, it } from "vitest";
import { newDatabase } from "../pages/database.ts";
import { shelf } from "./shelf.ts";

describe("calls on IndexedDB", () => {
  it("concurrent calls share transactions", async () => {
    const store = shelf.indexeddb({ database: newDatabase() });
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
    for (const [what, count] of Object.entries(counts)) {
      expect(count, what).toBeGreaterThanOrEqual(1);
      expect(count, what).toBeLessThanOrEqual(3);
    }
  });

  it("a call of a burst that fails fails alone", async () => {
    const store = shelf.indexeddb({ database: newDatabase() });
    await store.set("text", shelf.bytes("no number"));
    const fails = () => {
      throw new Error("of the caller's own");
    };
    let found: unknown[] = [];
    const transactions = await shelf.transactionsOf(async () => {
      found = await shelf.codes([
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
    const keys = (await store.list()).entries.map(({ key }) => key);
    await store.close();
    expect(found).toStrictEqual([
      "done",
      "no StoreError: Error: of the caller's own",
      "cant-decode text",
      1,
      "12",
      "not-found nobody",
      "invalid-argument",
      "done",
      "12",
    ]);
    expect(keys).toStrictEqual(["a", "d", "n", "text"]);
    expect(transactions).toBe(1);
  });
});
