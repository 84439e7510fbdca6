// From when a watch reports, and what it says where it may have missed something.
import assert from "node:assert/strict";
import { it } from "vitest";
import { engines } from "../support/place.ts";
import { inEngines } from "./driver.ts";

inEngines("watches of tabs", engines, {}, (place) => {
  it("a watch reports nothing that another tab, or this one, acknowledged before it was called", async () => {
    const database = place.database();
    const [watching, changing] = [await place.open(), await place.open()];
    await watching.evaluate(async (database) => {
      kept.store = shelf.indexeddb({ database });
      // Its channel is there from now on.
      await kept.store.set("own", shelf.bytes("1"));
    }, database);
    await changing.evaluate((database) => {
      const store = (kept.store = shelf.indexeddb({ database }));
      const asked = new BroadcastChannel(`${database} asked`);
      // Of all but the first of several in a row the others hear a moment later.
      asked.onmessage = async ({ data: keys }) => {
        for (const key of keys) await store.set(key, shelf.bytes("1"));
        asked.postMessage("done");
      };
    }, database);
    const rounds = await watching.evaluate(async (database): Promise<string[][]> => {
      const asked = new BroadcastChannel(`${database} asked`);
      const ask = (keys: string[]) => {
        const done = new Promise((resolve) => (asked.onmessage = resolve));
        asked.postMessage(keys);
        return done;
      };
      const rounds: string[][] = [];
      for (let round = 0; round < 20; round++) {
        await ask(["early 1", "early 2", "early 3"]);
        const changes = kept.store.watch();
        await ask(["late 1", "late 2"]);
        const reported: string[] = [];
        for (let count = 0; count < 2; count++) reported.push((await changes.next()).value.key);
        await changes.return();
        rounds.push(reported);
      }
      asked.close();
      return rounds;
    }, database);
    for (const reported of rounds) assert.deepEqual(reported, ["late 1", "late 2"]);
  });

  it("a deletion of the database by any tab is resync, and a cached view forgets what was there", async () => {
    const database = place.database();
    const [watching, writing, deleting] = [await place.open(), await place.open(), await place.open()];
    for (const tab of [watching, writing]) {
      await tab.evaluate(async (database) => {
        kept.view = shelf.cached(shelf.indexeddb({ database }), { maxBytes: 10_000 });
        kept.changes = [];
        const changes = kept.view.watch();
        void (async () => {
          for await (const { type } of changes) kept.changes.push(type);
        })();
        await kept.view.set("a", shelf.bytes("1"));
        for (let count = 0; count < 3; count++) {
          await kept.view.find("a");
          await shelf.pause(50);
        }
      }, database);
    }
    await deleting.evaluate(async (database) => shelf.remove(database), database);
    for (const tab of [watching, writing]) {
      const found = await tab.evaluate(async () => {
        await shelf.until(() => kept.changes.includes("resync"));
        const found = [await kept.view.has("a"), shelf.text(await kept.view.find("a")) ?? "nothing"];
        await kept.view.close();
        return found;
      });
      assert.deepEqual(found, [false, "nothing"]);
    }
  });
});
