import assert from "node:assert/strict";
import { it } from "vitest";
import { engines } from "../support/place.ts";
import { awayAndBack } from "./backForward.ts";
import { inEngines } from "./driver.ts";

inEngines("a cached view of IndexedDB", engines, { backForwardCache: true }, (place) => {
  it("reads without a transaction, and what another tab wrote once that is reported", async () => {
    const database = place.database();
    const [reading, writing] = [await place.open(), await place.open()];
    const transactions = await reading.evaluate(async (database) => {
      const view = (kept.view = shelf.cached(shelf.indexeddb({ database }), { maxBytes: 100_000 }));
      kept.read = [];
      const changes = view.watch();
      kept.reading = (async () => {
        for await (const change of changes) {
          if (change.type === "resync") continue;
          const { key } = change;
          kept.read.push(Number(shelf.text(await view.get(key))));
          if (kept.read.at(-1) === 99) break;
        }
      })();
      await view.set("other", shelf.bytes("-1"));
      await view.find("other");
      await shelf.pause(100);
      await view.find("other");
      return shelf.transactionsOf(async () => {
        for (let count = 0; count < 1000; count++) await view.get("other");
      });
    }, database);
    assert.equal(transactions, 0);
    await writing.evaluate(async (database) => {
      const store = shelf.indexeddb({ database });
      for (let count = 0; count < 100; count++) await store.set("key", shelf.bytes(`${count}`));
      await store.close();
    }, database);
    const read = await reading.evaluate(async () => {
      await kept.reading;
      await kept.view.close();
      return kept.read as number[];
    });
    // Each change is followed by a value at least as new as it.
    const late = read.slice(1).filter((value, index) => value < index);
    assert.deepEqual([read[0], late, read.at(-1)], [-1, [], 99]);
  });

  it("is right again in a page that was left and came back as it was", async (context) => {
    const database = place.database();
    const page = await place.open();
    await page.evaluate(async (database) => {
      const view = (kept.view = shelf.cached(shelf.indexeddb({ database }), { maxBytes: 100_000 }));
      await view.set("key", shelf.bytes("old"));
      for (let count = 0; count < 3; count++) {
        await view.find("key");
        await shelf.pause(50);
      }
    }, database);
    const { isKept } = await awayAndBack(place, page, database, async (database) => {
      const store = shelf.indexeddb({ database });
      await store.set("key", shelf.bytes("new"));
      await store.close();
    });
    await context.annotate(`${place.name}: the page was ${isKept ? "kept" : "loaded again"}`);
    const value = await page.evaluate(async (database) => {
      const view = (kept.view ??= shelf.cached(shelf.indexeddb({ database }), { maxBytes: 100_000 }));
      return shelf.text(await view.find("key"));
    }, database);
    assert.equal(value, "new");
  });
});
