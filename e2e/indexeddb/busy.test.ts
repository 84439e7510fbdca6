import assert from "node:assert/strict";
import { it } from "vitest";
import { engines } from "../support/place.ts";
import { inEngines } from "./driver.ts";

inEngines("contexts that share a database", engines, {}, (place) => {
  it("a sweep of 5,000 expired entries does not keep another tab's writes waiting", async () => {
    const database = place.database();
    const [sweeping, writing] = [await place.open(), await place.open()];
    await sweeping.evaluate(async (database) => {
      const store = (kept.store = shelf.indexeddb({ database, now: () => kept.now ?? 1000, sweepInterval: Infinity }));
      const value = shelf.bytes("value");
      for (let page = 0; page < 5; page++) {
        await store.setMany(Array.from({ length: 1000 }, (_, index) => [`old ${page} ${index}`, value, { ttl: 10 }]));
      }
      await store.setMany(Array.from({ length: 1000 }, (_, index) => [`lasts ${index}`, value]));
      kept.now = 2000;
    }, database);
    await writing.evaluate((database) => {
      const store = shelf.indexeddb({ database, now: () => 1000, sweepInterval: Infinity });
      kept.written = 0;
      new BroadcastChannel("sweep").onmessage = () => (kept.before = kept.written);
      kept.writing = (async () => {
        for (; !kept.isDone; kept.written++) await store.set(`new ${kept.written}`, shelf.bytes("value"));
        await store.close();
      })();
    }, database);
    const { swept, rounds, lasting, others, seen } = await sweeping.evaluate(async (database) => {
      const { store } = kept;
      // By a store for which nothing has expired: a watch removes what has.
      const watched = shelf.indexeddb({ database, now: () => 1000, sweepInterval: Infinity });
      const changes = await shelf.watching(watched);
      // The other tab is at work.
      await shelf.until(() => changes.length > 0);
      const swept: number[] = [];
      const rounds = await shelf.transactionsOf(async () => {
        const sweeping = store.sweep();
        new BroadcastChannel("sweep").postMessage("begun");
        swept.push(await sweeping);
      });
      const seen = changes.filter((change) => change.startsWith("set new ")).map((change) => Number(change.slice(8)));
      swept.push(await store.sweep());
      const left: string[] = [];
      for await (const key of store.keys() as AsyncIterable<string>) if (!key.startsWith("new")) left.push(key);
      const lasting = left.filter((key) => key.startsWith("lasts")).length;
      await watched.close();
      return { swept, rounds, lasting, others: left.length - lasting, seen };
    }, database);
    const { before, total } = await writing.evaluate(async () => {
      kept.isDone = true;
      await kept.writing;
      return { before: kept.before as number, total: kept.written as number };
    });
    // Of ten rounds each lets in what waits for it.
    assert.ok(rounds >= 10, `${rounds} transactions`);
    // Writes that began when the sweep had begun were reported before it was done.
    assert.ok(seen.at(-1)! > before, `${seen.at(-1)} after ${before}`);
    assert.deepEqual(swept, [5000, 0]);
    assert.deepEqual([lasting, others], [1000, 0]);
    const written = await sweeping.evaluate(async () => {
      let written = 0;
      for await (const _ of kept.store.keys({ prefix: "new " }) as AsyncIterable<string>) written++;
      await kept.store.close();
      return written;
    });
    assert.equal(written, total);
  });

  it("a tab that reads without end does not keep another tab's writes waiting", async (context) => {
    const database = place.database();
    const [reading, writing] = [await place.open(), await place.open()];
    await reading.evaluate(async (database) => {
      const store = shelf.indexeddb({ database });
      await store.set("a", shelf.bytes("0"));
      kept.reading = (async () => {
        let reads = 0;
        while (shelf.text(await store.get("a")) !== "20") reads++;
        await store.close();
        return reads;
      })();
    }, database);
    const outcomes = await writing.evaluate(async (database) => {
      const store = shelf.indexeddb({ database });
      const outcomes: unknown[] = [];
      for (let count = 1; count <= 20; count++) {
        outcomes.push(await shelf.outcome(store.set("a", shelf.bytes(`${count}`))));
      }
      await store.close();
      return outcomes;
    }, database);
    assert.deepEqual(
      outcomes,
      Array.from({ length: 20 }, () => ({})),
    );
    const reads = await reading.evaluate(() => kept.reading as Promise<number>);
    await context.annotate(`${reads} reads beside 20 writes`);
  });
});
