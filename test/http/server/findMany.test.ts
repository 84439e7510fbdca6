// What a findMany through a handler reads: one state of the medium, and no more than fits.
import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { onTestFinished, test } from "vitest";
import { memory } from "../../../src/backends/memory.ts";
import { sqlite } from "../../../src/backends/sqlite.ts";
import type { Entry, Store } from "../../../src/core/contract.ts";
import { createStore } from "../../../src/core/createStore.ts";
import type { HandlerOptions } from "../../../src/http/handler.ts";
import { createMetrics } from "../../../src/service/metrics.ts";
import { json } from "../../../src/views/json.ts";
import { prefix } from "../../../src/views/prefix.ts";
import { openIndexedDB } from "../../support/indexeddb.ts";
import { bytes, pair, text } from "../../support/pair.ts";
import { problem } from "../../support/problem.ts";

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `key ${index}`);

function inSqlite(): Store {
  const store = sqlite({ path: ":memory:" });
  onTestFinished(() => store.close());
  return store;
}

// What is served, and for whom.
const served: Record<string, () => { readonly store: Store; readonly handler?: HandlerOptions }> = {
  memory: () => ({ store: memory() }),
  "a scope of memory": () => ({ store: memory(), handler: { authorize: () => ({ prefix: "scope/" }) } }),
  "a view of memory": () => ({ store: prefix(prefix(memory(), "view/"), "deep/") }),
  "memory that is measured": () => ({ store: createMetrics().watchStore(memory()) }),
  "SQLite": () => ({ store: inSqlite() }),
  "a scope of SQLite": () => ({ store: inSqlite(), handler: { authorize: () => ({ prefix: "scope/" }) } }),
  "IndexedDB": () => ({ store: openIndexedDB().store }),
  "IndexedDB that holds nothing": () => ({ store: openIndexedDB({ cacheBytes: 0 }).store }),
  "another handler": () => ({ store: pair().far }),
}; // prettier-ignore

for (const [name, serve] of Object.entries(served)) {
  test(`two keys of ${name} sum to 100 for whoever reads them by findMany through a handler, whoever writes`, async () => {
    const { far, store } = pair(serve());
    const amounts = json<number>(far);
    // Between the two are others, so that they are not read in one portion.
    const keys = ["first", ...names(20), "last"];
    await amounts.setMany([["first", 100], ["last", 0]]); // prettier-ignore
    let isOver = false;
    const write = async (writer: Store<number>): Promise<void> => {
      while (!isOver)
        await writer.transact(["last", "first"], ([last, first]) => [
          { value: last!.value + 1 },
          { value: first!.value - 1 },
        ]);
    };
    const writers = [write(amounts)];
    // Beside the handler, where the keys have the same names there.
    if (!name.startsWith("a scope")) writers.push(write(json<number>(store)));
    const sums = new Set<number>();
    const states = new Set<number>();
    while (states.size < 30) {
      for (const wanted of [keys, ["first", "last"]]) {
        const found = await amounts.findMany(wanted);
        sums.add(found[0]! + found.at(-1)!);
        states.add(found[0]!);
      }
    }
    isOver = true;
    await Promise.all(writers);
    assert.deepEqual([...sums], [100]);
  });
}

/** A store on a medium that reads many in one step, and what it was asked for. */
function counting(now?: () => number) {
  const map = new Map<string, Entry>();
  const seen = { reads: [] as number[], held: 0 };
  const read = (keys: readonly string[]): (Entry | undefined)[] => {
    const found = keys.map((key) => map.get(key));
    seen.reads.push(keys.length);
    seen.held = Math.max(seen.held, found.reduce((sum, entry) => sum + (entry?.value.length ?? 0), 0)); // prettier-ignore
    return found;
  };
  const store = createStore(
    {
      get: (key) => read([key])[0],
      set: (key, entry) => void map.set(key, entry),
      delete: (key) => map.delete(key),
      isPersistent: () => false,
      getMany: async (keys) => read(keys),
      mutateMany(keys, decide) {
        decide(keys.map((key) => map.get(key)));
      },
      mutate(key, decide) {
        if (decide(map.get(key)) === undefined) map.delete(key);
      },
    },
    now && { now },
  );
  return { store, seen, map };
}

test("findMany reads many keys in portions, and then all in one step when it is known that they fit", async () => {
  const { store, seen } = counting();
  const { ask, far } = pair({ store, handler: { maxBytes: 100_000 } });
  const keys = names(100);
  for (const key of keys) await store.set(key, new Uint8Array(1000));
  assert.equal((await far.findMany(keys)).filter(Boolean).length, 100);
  assert.deepEqual([seen.reads[0], seen.reads.at(-1)], [1, 100]);
  assert.ok(seen.reads.slice(0, -1).every((count) => count <= 8));
  assert.equal(seen.reads.slice(0, -1).reduce((sum, count) => sum + count), 100); // prettier-ignore
  // From then on it is known how large values are, usually: few are read at once, and once.
  seen.reads = [];
  await far.findMany(["key 1", "key 2", "none"]);
  assert.deepEqual(seen.reads, [3]);
  await store.set("key 0", new Uint8Array(1001));
  seen.reads = [];
  seen.held = 0;
  await problem(ask("POST", "batch", { body: `${JSON.stringify({ find: keys })}\n` }), 413, "quota-exceeded");
  assert.ok(seen.held <= 8001);
  assert.ok(seen.reads.every((count) => count <= 8));
});

test("findMany holds no more than a few times what fits, however large values turn out to be", async () => {
  const { store, seen } = counting();
  const { ask } = pair({ store, handler: { maxBytes: 100_000 } });
  const [small, large] = [names(500), names(500).map((key) => `large ${key}`)];
  for (const key of small) await store.set(key, new Uint8Array(1));
  for (const key of large) await store.set(key, new Uint8Array(30_000));
  for (const wanted of [small, large, [...small, ...large], large.map(() => large[0]!)]) {
    const status = wanted === small ? 200 : 413;
    for (const name of ["find", "findTagged"]) {
      if (name === "findTagged" && wanted[1] === wanted[0]) continue;
      const response = await ask("POST", "batch", { body: `${JSON.stringify({ [name]: wanted })}\n` });
      await response.arrayBuffer();
      assert.equal(response.status, status);
    }
  }
  // Eight that were taken to be as small as those before them.
  assert.ok(seen.held <= 240_000, `${seen.held} bytes`);
});

test("findMany is refused when values have grown meanwhile to what does not fit", async () => {
  const { store, seen, map } = counting();
  const keys = names(40);
  const { ask } = pair({ store, handler: { maxBytes: 1000 } });
  for (const key of keys) await store.set(key, new Uint8Array(10));
  seen.reads.push = (count) => {
    if (count === keys.length) map.set("key 0", { value: new Uint8Array(900), expiresAt: Infinity });
    return 0;
  };
  const body = `${JSON.stringify({ find: keys })}\n`;
  assert.equal((await ask("POST", "batch", { body })).status, 200);
  await problem(ask("POST", "batch", { body }), 413, "quota-exceeded");
});

test("each value goes out with its own deadline, and what has expired is removed on the way", async () => {
  const { clock } = pair();
  const { store, map } = counting(clock.now);
  const all = pair({ store, handler: { now: clock.now }, remote: { now: clock.now } });
  await store.set("gone", bytes("0"), { ttl: 100 });
  await store.set("short", bytes("1"), { ttl: 300 });
  await store.set("long", bytes("2"));
  clock.advance(100);
  const answer = await all.ask("POST", "batch", { body: '{"find":["short","gone","long","none"]}\n' });
  assert.equal(await answer.text(), "[[1,200],null,[1,null],null]\n12");
  assert.deepEqual([...map.keys()], ["short", "long"]);
  clock.advance(200);
  assert.deepEqual((await all.far.findMany(["short", "long"])).map(text), [undefined, "2"]);
  assert.deepEqual([...map.keys()], ["long"]);
});

test("a store with four methods, or with an entry of its own, is read key by key", async () => {
  const map = new Map<string, Entry>();
  const four = createStore({
    get: (key) => map.get(key),
    set: (key, entry) => void map.set(key, entry),
    delete: (key) => map.delete(key),
    isPersistent: () => false,
  });
  const inner = memory();
  const read: string[] = [];
  const own: Store = {
    ...inner,
    entry: (key, options) => {
      read.push(key);
      return inner.entry(key, options);
    },
  };
  for (const store of [four, own]) {
    const { far } = pair({ store });
    await far.setMany([["a", bytes("1")], ["b", bytes("2")]]); // prettier-ignore
    assert.deepEqual((await far.findMany(["b", "none", "a", "b"])).map(text), ["2", undefined, "1", "2"]);
  }
  assert.deepEqual(read, ["b", "none", "a"]);
});
