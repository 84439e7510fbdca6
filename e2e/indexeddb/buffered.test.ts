import assert from "node:assert/strict";
import { it } from "vitest";
import type { PlaywrightPage } from "../support/playwright.ts";
import { cdp, engines } from "../support/place.ts";
import { inEngines, path } from "./driver.ts";

inEngines("buffered writes", engines, {}, (place) => {
  it("made while the page is left are kept whole or not at all, and the browser can keep them", async () => {
    // WebKit keeps nothing that a page begins when it is left, whatever it does. A busy Chromium drops some, see indexeddb.md.
    const isKept = place.name !== "webkit";

    /** Leaves a page that makes so many writes then, and counts what is there afterwards. */
    async function leave(count: number): Promise<number> {
      const database = place.database();
      const page = await place.open();
      await page.evaluate(
        async (database, count, isKept) => {
          const store = shelf.indexeddb({ database, acknowledge: "buffered" });
          // The database is open, as in a page that was used.
          await store.find("a");
          const write = (): void => {
            for (let index = 0; index < count; index++) void store.set(`key ${index}`, shelf.bytes("x"));
          };
          if (isKept) addEventListener("pagehide", write);
          else {
            write();
            await store.flush();
          }
        },
        database,
        count,
        isKept,
      );
      await page.goto(`${place.server.url}${path}?away`);
      return page.evaluate(async (database) => {
        const store = shelf.indexeddb({ database });
        const { entries } = await store.list();
        await store.close();
        return entries.length;
      }, database);
    }

    for (const count of [1, 100]) {
      let kept = await leave(count);
      for (let tries = 1; isKept && kept === 0 && tries < 10; tries++) kept = await leave(count);
      assert.equal(kept, count, `${count} writes`);
    }
  });

  it("are seen by this tab at once, and reported to another when they are committed", async () => {
    const database = place.database();
    const [mine, other] = [await place.open(), await place.open()];
    await other.evaluate(async (database) => {
      kept.store = shelf.indexeddb({ database });
      kept.read = [];
      const changes = kept.store.watch();
      void (async () => {
        for await (const { key } of changes) {
          kept.read.push(shelf.text(await kept.store.find(key)));
          if (kept.read.at(-1) === "99") break;
        }
      })();
      await kept.store.find("a");
    }, database);
    const read = await mine.evaluate(async (database) => {
      const store = shelf.indexeddb({ database, acknowledge: "buffered" });
      const read: unknown[] = [];
      for (let count = 0; count < 100; count++) {
        await store.set("a", shelf.bytes(`${count}`));
        read.push(shelf.text(await store.find("a")));
      }
      await store.flush();
      await store.close();
      return read;
    }, database);
    assert.deepEqual(
      read,
      Array.from({ length: 100 }, (_, index) => `${index}`),
    );
    const changes = await other.evaluate(async (): Promise<number> => {
      await shelf.until(() => kept.read.at(-1) === "99");
      await kept.store.close();
      return kept.read.length;
    });
    assert.ok(changes < 100, `${changes} changes of 100 sets`);
  });
});

inEngines("a tab with buffered writes that crashes", ["chromium"], { alone: true }, (place) => {
  it("loses nothing that is older than a moment", async () => {
    const database = place.database();
    const page = (await place.browser.open(`${place.server.url}${path}`)) as PlaywrightPage;
    await page.evaluate(async (database) => {
      const store = shelf.indexeddb({ database, acknowledge: "buffered" });
      for (let index = 0; index < 5000; index++) await store.set(`key ${index}`, shelf.bytes("x"));
      const raw = await shelf.raw(database);
      await shelf.until(async () => (await raw.count("entries")) === 5000);
      raw.close();
    }, database);
    const session = await cdp(page);
    session.send("Page.crash").catch(() => {});
    await new Promise((resolve) => page.page.once("crash", resolve));
    await page.close();
    const other = await place.open();
    const found = await other.evaluate(async (database) => {
      const store = shelf.indexeddb({ database });
      let count = 0;
      for await (const _ of store.keys()) count++;
      await store.close();
      return count;
    }, database);
    assert.equal(found, 5000);
  });
});
