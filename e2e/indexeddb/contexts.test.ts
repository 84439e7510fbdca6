import assert from "node:assert/strict";
import { it } from "vitest";
import { inEngines } from "./driver.ts";

const path = "e2e/indexeddb/page.html";
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
const sorted = (numbers: number[]): number[] => numbers.sort((a, b) => a - b);

inEngines("contexts that share a database", ["chromium", "firefox", "webkit"], {}, (place) => {
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

  it("a tab and its worker count 500 each and lose none", async () => {
    const database = place.database();
    const tab = await place.open();
    const counts = await tab.evaluate(async (database) => {
      const count = (database: string) => {
        const store = shelf.indexeddb({ database });
        return Promise.all(Array.from({ length: 500 }, () => store.increment("n")));
      };
      const both = await Promise.all([count(database), contexts.inWorker(count, database)]);
      return both.flat() as number[];
    }, database);
    assert.deepEqual(sorted(counts), upTo(1000));
  });

  it("what a tab or its worker reads is never older than what the other said that it wrote", async () => {
    const database = place.database();
    const tab = await place.open();
    const wrong = await tab.evaluate(async (database) => {
      // Each writes a number of its own and says so, and reads the other's all the time, which it therefore holds in memory.
      const play = async (database: string, mine: string, theirs: string) => {
        const store = shelf.indexeddb({ database });
        const rounds = 150;
        const channel = new BroadcastChannel(`${database} said`);
        const wrong: string[] = [];
        const read = async () => Number(shelf.text(await store.find(theirs)) ?? 0);
        let said = 0;
        const over = new Promise<void>((resolve) => {
          channel.onmessage = async ({ data }) => {
            if (data.key !== theirs) return;
            said = Math.max(said, data.number);
            const [least, found] = [said, await read()];
            if (found < least) wrong.push(`${theirs}: ${found}, though ${least} was said`);
            if (data.number === rounds) resolve();
          };
        });
        // Not before both listen.
        await store.increment("here");
        while (Number(shelf.text(await store.get("here"))) < 2) await shelf.pause(1);
        await shelf.pause(100);
        for (let number = 1; number <= rounds; number++) {
          await store.set(mine, shelf.bytes(String(number)));
          channel.postMessage({ key: mine, number });
          const least = said;
          for (let count = 0; count < 20; count++) {
            const found = await read();
            if (found < least) wrong.push(`${theirs}: ${found}, though ${least} was said before`);
          }
        }
        await over;
        await store.close();
        channel.close();
        return wrong;
      };
      return Promise.all([play(database, "a", "b"), contexts.inWorker(play, database, "b", "a")]);
    }, database);
    assert.deepEqual(wrong, [[], []]);
  });

  it("a watch tells each change of another tab once, with its type", async () => {
    const database = place.database();
    const [watching, changing] = [await place.open(), await place.open()];
    await watching.evaluate(async (database) => {
      kept.store = shelf.indexeddb({ database });
      kept.told = await shelf.watching(kept.store);
    }, database);
    const own = await changing.evaluate(async (database) => {
      const store = shelf.indexeddb({ database });
      // Its channel is another one, though it is of the same page.
      const beside = shelf.indexeddb({ database });
      const [told, toldBeside] = [await shelf.watching(store), await shelf.watching(beside)];
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
      await shelf.pause(300);
      await store.close();
      await beside.close();
      return { told, toldBeside };
    }, database);
    const changes =
      "set a,set a,set n,set a,set a,delete a,set b,set c,set d,set b,delete b,delete c,delete d,delete n,set end";
    const expected = changes.split(",");
    assert.deepEqual(own.told, expected);
    assert.deepEqual(own.toldBeside, expected);
    const told = await watching.evaluate(async () => {
      await shelf.pause(300);
      await kept.store.close();
      return kept.told as string[];
    });
    assert.deepEqual(told, expected);
  });

  it("an expiry is told once, when two tabs read the expired entries at the same time", async () => {
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
            const told = await shelf.watching(store);
            await shelf.pause(expiresAt - Date.now() + 50);
            const found = [];
            for (let index = 0; index < 100; index++) found.push(store.find(`key ${index}`));
            const misses = (await Promise.all(found)).filter((value) => value === undefined).length;
            await shelf.pause(1000);
            await store.close();
            return { misses, told };
          })();
        },
        database,
        expiresAt,
      );
    }
    const expected = Array.from({ length: 100 }, (_, index) => `expire key ${index}`).sort();
    for (const tab of tabs) {
      const { misses, told } = await tab.evaluate(() => kept.reading as Promise<{ misses: number; told: string[] }>);
      assert.equal(misses, 100);
      assert.deepEqual(told.sort(), expected);
    }
  });

  it("a sweep of 5,000 expired entries does not keep another tab's writes waiting", async (context) => {
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
      kept.writing = (async () => {
        const times: [from: number, to: number][] = [];
        while (!kept.isDone) {
          const from = Date.now();
          await store.set(`new ${times.length}`, shelf.bytes("value"));
          times.push([from, Date.now()]);
        }
        await store.close();
        return times;
      })();
    }, database);
    const { swept, left, from, to } = await sweeping.evaluate(async () => {
      const from = Date.now();
      const swept = (await kept.store.sweep()) as number;
      const to = Date.now();
      const again = (await kept.store.sweep()) as number;
      const left: string[] = [];
      for await (const key of kept.store.keys() as AsyncIterable<string>) if (!key.startsWith("new")) left.push(key);
      return {
        from,
        to,
        swept: [swept, again],
        left: left.filter((key) => key.startsWith("lasts")).length - (left.length - 1000),
      };
    });
    const times = await writing.evaluate(() => {
      kept.isDone = true;
      return kept.writing as Promise<[from: number, to: number][]>;
    });
    const within = times.filter((time) => time[0] >= from && time[1] <= to).length;
    await context.annotate(`${within} writes within the ${to - from} ms`);
    // Of ten rounds each lets in what waits for it; a single one would let in what comes before it begins.
    assert.ok(within > 4, `${within} writes within the sweep's ${to - from} ms`);
    assert.deepEqual(swept, [5000, 0]);
    assert.equal(left, 1000);
    const written = await sweeping.evaluate(async () => {
      let written = 0;
      for await (const _ of kept.store.keys({ prefix: "new " }) as AsyncIterable<string>) written++;
      await kept.store.close();
      return written;
    });
    assert.equal(written, times.length);
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
    const { outcomes, longest } = await writing.evaluate(async (database) => {
      const store = shelf.indexeddb({ database });
      const outcomes: unknown[] = [];
      let longest = 0;
      for (let count = 1; count <= 20; count++) {
        const start = performance.now();
        outcomes.push(await shelf.outcome(store.set("a", shelf.bytes(`${count}`))));
        longest = Math.max(longest, performance.now() - start);
      }
      await store.close();
      return { outcomes, longest };
    }, database);
    assert.deepEqual(
      outcomes,
      Array.from({ length: 20 }, () => ({})),
    );
    const reads = await reading.evaluate(() => kept.reading as Promise<number>);
    await context.annotate(`${reads} reads, the longest of 20 writes took ${Math.round(longest)} ms`);
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
          kept.worker.terminate();
          delete kept.worker;
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

  it("two stores on one database in a page do not disturb each other", async () => {
    const database = place.database();
    const page = await place.open();
    const { outcomes, numbers, list } = await page.evaluate(async (database) => {
      const [one, two] = [shelf.indexeddb({ database }), shelf.indexeddb({ database })];
      const numbers = await Promise.all(
        Array.from({ length: 100 }, (_, index) => (index % 2 ? one : two).increment("n")),
      );
      const calls = [one.set("one", shelf.bytes("1")), two.set("two", shelf.bytes("2")), one.close()];
      calls.push(two.set("three", shelf.bytes("3")), one.set("late", shelf.bytes("4")));
      const outcomes = await shelf.outcomes(calls);
      const list = (await two.list()).entries.map(({ key }) => key);
      return { outcomes: outcomes.map(({ code }) => code ?? "done"), numbers, list };
    }, database);
    assert.deepEqual(sorted(numbers), upTo(100));
    assert.deepEqual(outcomes, ["done", "done", "done", "done", "closed"]);
    assert.deepEqual(list, ["n", "one", "three", "two"]);
  });
});

inEngines("a service worker that shares a database", ["chromium"], {}, (place) => {
  it("counts with a tab and a dedicated worker, and tells them of its changes", async () => {
    const database = place.database();
    const tab = await place.open();
    const { counts, told } = await tab.evaluate(async (database) => {
      const store = shelf.indexeddb({ database });
      const told = await shelf.watching(store);
      const count = async (database: string) => {
        const store = shelf.indexeddb({ database });
        const counted = await Promise.all(Array.from({ length: 500 }, () => store.increment("n")));
        await store.close();
        return counted;
      };
      const all = [count(database), contexts.inWorker(count, database), contexts.inServiceWorker(count, database)];
      const counts = (await Promise.all(all)).flat() as number[];
      await shelf.pause(500);
      await store.close();
      return { counts, told };
    }, database);
    assert.deepEqual(sorted(counts), upTo(1500));
    assert.deepEqual(told, Array(1500).fill("set n"));
  });
});
