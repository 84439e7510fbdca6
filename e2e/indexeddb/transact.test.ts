import assert from "node:assert/strict";
import { it } from "vitest";
import { engines } from "../support/place.ts";
import { inEngines, path } from "./driver.ts";

inEngines("contexts that share a database", engines, {}, (place) => {
  it("two keys sum to 100 for two tabs and a worker, all of which write", async () => {
    const database = place.database();
    const [one, two] = [await place.open(), await place.open()];
    await one.evaluate(async (database) => {
      const store = shelf.indexeddb({ database });
      await shelf.beginTransfer(store);
      await store.close();
    }, database);
    const beginsAt = Date.now() + 1000;
    const move = async (database: string, beginsAt: number) => {
      const store = shelf.indexeddb({ database });
      await store.find("a");
      await shelf.pause(beginsAt - Date.now());
      const sums = await shelf.transfer(store, 100, "findMany");
      await store.close();
      return sums;
    };
    // Begun and not awaited, since WebKit's driver talks to one tab at a time.
    await one.evaluate(
      (source, database, beginsAt) => {
        // eslint-disable-next-line no-eval
        const move = (0, eval)(source) as (...args: unknown[]) => Promise<number[]>;
        kept.moving = Promise.all([move(database, beginsAt), contexts.inWorker(move, database, beginsAt)]);
      },
      `(${move})`,
      database,
      beginsAt,
    );
    const there = await two.evaluate(move, database, beginsAt);
    const here = await one.evaluate(() => kept.moving as Promise<number[][]>);
    assert.deepEqual([there, ...here], [[100], [100], [100]]);
    const left = await two.evaluate(async (database) => {
      const store = shelf.indexeddb({ database });
      const amounts = await shelf.readTransfer(store);
      await store.close();
      return amounts;
    }, database);
    assert.deepEqual(left, [-200, 300]);
  });

  it("two keys sum to 100 when a worker is ended and a tab is closed in the middle of their steps", async () => {
    const database = place.database();
    const [staying, closing] = [await place.open(), await place.browser.open(`${place.server.url}${path}`)];
    await staying.evaluate(async (database) => {
      kept.store = shelf.indexeddb({ database });
      await shelf.beginTransfer(kept.store);
    }, database);
    const moveOn = async (database: string) => {
      void shelf.transfer(shelf.indexeddb({ database }), 1_000_000).catch(() => {});
    };
    const read = (): Promise<number[]> => shelf.readTransfer(kept.store);
    for (let round = 0; round < 5; round++) {
      const [a, b] = await staying.evaluate(
        async (source, database) => {
          // eslint-disable-next-line no-eval
          await contexts.inWorker((0, eval)(source), database);
          const [before] = await shelf.readTransfer(kept.store);
          await shelf.until(async () => (await shelf.readTransfer(kept.store))[0]! < before! - 5);
          contexts.endWorker();
          return shelf.readTransfer(kept.store);
        },
        `(${moveOn})`,
        database,
      );
      assert.equal(a! + b!, 100);
    }
    await closing.evaluate(moveOn, database);
    const [before] = await staying.evaluate(read);
    await staying.evaluate(async (before) => {
      await shelf.until(async () => (await shelf.readTransfer(kept.store))[0]! < before - 5);
    }, before!);
    await closing.close();
    const [a, b] = await staying.evaluate(read);
    assert.equal(a! + b!, 100);
    await staying.evaluate(() => kept.store.close() as Promise<void>);
  });

  it("an expiry is reported once in two tabs that watch, by whichever it was written, though nobody reads", async () => {
    const database = place.database();
    const tabs = [await place.open(), await place.open()];
    await tabs[0]!.evaluate(async (database) => {
      const store = shelf.indexeddb({ database });
      await store.set("stays", shelf.bytes("1"), { ttl: 3_600_000 });
      await store.close();
    }, database);
    for (const tab of tabs) {
      await tab.evaluate(async (database) => {
        kept.store = shelf.indexeddb({ database });
        kept.changes = await shelf.watching(kept.store);
      }, database);
    }
    const expected: string[] = [];
    for (const [index, tab] of tabs.entries()) {
      const key = `key ${index}`;
      await tab.evaluate((key) => kept.store.set(key, shelf.bytes("1"), { ttl: 300 }) as Promise<void>, key);
      expected.push(`set ${key}`, `expire ${key}`);
      for (const each of tabs) {
        const seen = await each.evaluate(async (last): Promise<string[]> => {
          await shelf.untilLast(kept.changes, last);
          return kept.changes;
        }, expected.at(-1)!);
        assert.deepEqual(seen, expected);
      }
    }
    for (const tab of tabs) await tab.evaluate(() => kept.store.close() as Promise<void>);
  });
});
