import assert from "node:assert/strict";
import { it } from "vitest";
import { sorted, upTo } from "../support/numbers.ts";
import { engines } from "../support/place.ts";
import { inEngines, path } from "./driver.ts";

inEngines("contexts that share a database", engines, {}, (place) => {
  it("two tabs that count 500 each, one by one and at once, lose none", async () => {
    const database = place.database();
    const tabs = [await place.open(), await place.open()];
    const beginsAt = Date.now() + 2000;
    for (const tab of tabs) {
      // Begun and not awaited, since WebKit's driver talks to one tab at a time.
      await tab.evaluate(
        (database, beginsAt) => {
          const store = shelf.indexeddb({ database });
          kept.counting = (async () => {
            await store.find("n");
            await shelf.pause(beginsAt - Date.now());
            const lane = async () => {
              const seen: number[] = [];
              for (let count = 0; count < 25; count++) seen.push(await store.increment("n"));
              return seen;
            };
            const lanes = await Promise.all(Array.from({ length: 10 }, lane));
            const burst = await Promise.all(Array.from({ length: 250 }, () => store.increment("n")));
            await store.close();
            return [...lanes.flat(), ...burst];
          })();
        },
        database,
        beginsAt,
      );
    }
    const [first, second] = [
      await tabs[0]!.evaluate(() => kept.counting as Promise<number[]>),
      await tabs[1]!.evaluate(() => kept.counting as Promise<number[]>),
    ];
    assert.deepEqual(sorted([...first, ...second]), upTo(1000));
  });

  it("a worker that is ended and a tab that is closed amid their writes are in nobody's way", async () => {
    const database = place.database();
    const [staying, closing] = [await place.open(), await place.browser.open(`${place.server.url}${path}`)];
    const write = (database: string) => {
      const store = shelf.indexeddb({ database });
      const value = shelf.noise(10_000);
      const burst = () => Promise.all(Array.from({ length: 50 }, (_, index) => store.set(`${index}`, value)));
      void (async () => {
        for (;;) await Promise.all([burst(), store.increment("n")]);
      })();
      return store.increment("n");
    };
    for (let round = 0; round < 5; round++) {
      const outcomes = await staying.evaluate(
        async (database, source) => {
          // eslint-disable-next-line no-eval
          await contexts.inWorker((0, eval)(source), database);
          contexts.endWorker();
          const store = shelf.indexeddb({ database });
          const calls = [store.set("mine", shelf.bytes("1")), store.get("mine"), store.increment("n").then(() => {})];
          return shelf.outcomes([...calls, store.close()]);
        },
        database,
        `(${write})`,
      );
      assert.deepEqual(outcomes, [{}, { value: "1" }, {}, {}]);
    }
    await closing.evaluate(write, database);
    await closing.close();
    const outcomes = await staying.evaluate(async (database) => {
      const store = shelf.indexeddb({ database });
      const calls = [store.set("mine", shelf.bytes("2")), store.get("mine"), store.clear()];
      return shelf.outcomes([...calls, store.close(), shelf.remove(database).then(() => {})]);
    }, database);
    assert.deepEqual(outcomes, [{}, { value: "2" }, {}, {}, {}]);
  });
});
