import assert from "node:assert/strict";
import { it } from "vitest";
import { engines } from "../support/place.ts";
import { inEngines } from "./driver.ts";

inEngines("contexts that share a database", engines, {}, (place) => {
  it("a watch reports each change of another tab once, with its type", async () => {
    const database = place.database();
    const [watching, changing] = [await place.open(), await place.open()];
    await watching.evaluate(async (database) => {
      kept.store = shelf.indexeddb({ database });
      kept.changes = await shelf.watching(kept.store);
    }, database);
    const own = await changing.evaluate(async (database) => {
      const store = shelf.indexeddb({ database });
      // Its channel is another one, though it is of the same page.
      const beside = shelf.indexeddb({ database });
      const [changes, changesBeside] = [await shelf.watching(store), await shelf.watching(beside)];
      const bytes = shelf.bytes("1");
      await store.set("a", bytes);
      await store.set("a", bytes, { ttl: 60_000 });
      await store.increment("n");
      await store.touch("a", { ttl: 50_000 });
      await store.update("a", () => shelf.bytes("2"));
      await store.update("a", () => undefined);
      await store.setMany([
        ["b", bytes],
        ["c", bytes],
        ["d", bytes],
      ]);
      await store.setIfAbsent("b", bytes);
      await store.compareAndSet("b", bytes, shelf.bytes("3"));
      await store.take("b");
      await store.delete("c");
      await store.deleteMany(["d", "nobody"]);
      await store.clear();
      await store.set("end", bytes);
      await shelf.untilLast(changes, "set end");
      await shelf.untilLast(changesBeside, "set end");
      await store.close();
      await beside.close();
      return { changes, changesBeside };
    }, database);
    const changes =
      "set a,set a,set n,set a,set a,delete a,set b,set c,set d,set b,delete b,delete c,delete d,delete n,set end";
    const expected = changes.split(",");
    assert.deepEqual(own, { changes: expected, changesBeside: expected });
    const elsewhere = await watching.evaluate(async (): Promise<string[]> => {
      await shelf.untilLast(kept.changes, "set end");
      await kept.store.close();
      return kept.changes;
    });
    assert.deepEqual(elsewhere, expected);
  });

  it("an expiry is reported once, when two tabs read the expired entries at the same time", async () => {
    const database = place.database();
    const tabs = [await place.open(), await place.open()];
    const expiresAt = await tabs[0]!.evaluate(async (database) => {
      const store = shelf.indexeddb({ database });
      const items = Array.from({ length: 100 }, (_, index) => [`key ${index}`, shelf.bytes("1")] as const);
      const ttl = 3000;
      await store.setMany(items.map(([key, value]) => [key, value, { ttl }]));
      await store.close();
      return Date.now() + ttl;
    }, database);
    for (const tab of tabs) {
      await tab.evaluate(
        (database, expiresAt) => {
          const store = shelf.indexeddb({ database });
          kept.reading = (async () => {
            const changes = await shelf.watching(store);
            await shelf.pause(expiresAt - Date.now() + 50);
            const found = [];
            for (let index = 0; index < 100; index++) found.push(store.find(`key ${index}`));
            const misses = (await Promise.all(found)).filter((value) => value === undefined).length;
            await shelf.until(() => changes.length >= 100);
            // What comes too often comes soon.
            await shelf.pause(300);
            await store.close();
            return { misses, changes };
          })();
        },
        database,
        expiresAt,
      );
    }
    const expected = Array.from({ length: 100 }, (_, index) => `expire key ${index}`).sort();
    for (const tab of tabs) {
      const { misses, changes } = await tab.evaluate(
        (): Promise<{ misses: number; changes: string[] }> => kept.reading,
      );
      assert.equal(misses, 100);
      assert.deepEqual(changes.sort(), expected);
    }
  });
});
