// What a store holds in memory is what the database would answer, whoever wrote meanwhile.
import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { afterEach, test } from "vitest";
import * as fc from "fast-check";
import { indexeddb } from "../../../src/index.ts";
import type { Store } from "../../../src/index.ts";

const runs = 60 * Number(process.env["SHELFLIFE_FUZZ"] ?? 1);
let databases = 0;
let stores: Store[] = [];
afterEach(() => Promise.all(stores.splice(0).map((store) => store.close())));

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (value: Uint8Array | undefined): string | undefined => value && new TextDecoder().decode(value);

const key = fc.constantFrom("a", "b", "c", "d");
const ttl = fc.constantFrom(undefined, 10, 1000);
const step = fc.record({
  tab: fc.nat(2),
  /** Whether the next step is made without waiting for this one, in the same tab. */
  isLoose: fc.boolean(),
  call: fc.oneof(
    { weight: 6, arbitrary: fc.record({ name: fc.constantFrom("find", "entry", "has"), key }) },
    { weight: 4, arbitrary: fc.record({ name: fc.constant("set"), key, ttl }) },
    { weight: 2, arbitrary: fc.record({ name: fc.constantFrom("delete", "take", "touch", "setIfAbsent"), key, ttl }) },
    { weight: 2, arbitrary: fc.record({ name: fc.constantFrom("findMany", "setMany", "deleteMany"), ttl }) },
    { weight: 1, arbitrary: fc.record({ name: fc.constantFrom("clear", "sweep", "keys", "wait", "open") }) },
  ),
});

type Calling = { name: string; key?: string; ttl?: number | undefined };

interface Held {
  readonly value: string;
  readonly expiresAt: number;
}

const orCode = (call: Promise<unknown>): Promise<unknown> => call.catch(({ code }: { code: unknown }) => code);

async function keysOf(store: Store): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of store.keys()) keys.push(key);
  return keys;
}

test("three tabs that read and write in turn always see the last value, whatever each holds", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      let now = 1_000_000;
      const database = `cache${++databases}`;
      const open = (): Store => indexeddb({ database, sweepInterval: Infinity, now: () => now, cacheBytes: 64_000 });
      stores = [open(), open(), open()];
      const model = new Map<string, Held>();
      const live = (key: string): Held | undefined => {
        const held = model.get(key);
        return held && held.expiresAt > now ? held : undefined;
      };
      let written = 0;
      const loose: Promise<unknown>[] = [];
      let looseTab: number | undefined;

      /** Makes a call, and returns it with what is to come of it. */
      function make(store: Store, { name, key = "a", ttl }: Calling): readonly [calling: unknown, expected: unknown] {
        const options = ttl === undefined ? undefined : { ttl };
        const put = (key: string, ttl?: number): Uint8Array => {
          const value = `${++written}`;
          model.set(key, { value, expiresAt: ttl === undefined ? Infinity : now + ttl });
          return bytes(value);
        };
        const found = live(key);
        switch (name) {
          case "find":
            return [store.find(key).then(text), found?.value];
          case "entry":
            return [
              store.entry(key).then((entry) => entry && { value: text(entry.value), expiresAt: entry.expiresAt }),
              found,
            ];
          case "has":
            return [store.has(key), !!found];
          case "set":
            return [store.set(key, put(key, ttl), options), undefined];
          case "setIfAbsent":
            return [store.setIfAbsent(key, found ? bytes("not written") : put(key, ttl), options), !found];
          case "delete":
            model.delete(key);
            return [orCode(store.delete(key)), found ? undefined : "not-found"];
          case "take":
            model.delete(key);
            return [store.take(key).then(text), found?.value];
          case "touch":
            if (found) model.set(key, { ...found, expiresAt: now + 500 });
            return [store.touch(key, { ttl: 500 }), !!found];
          case "findMany": {
            const keys = ["a", "d", "b", "a", "c"];
            return [store.findMany(keys).then((found) => found.map(text)), keys.map((key) => live(key)?.value)];
          }
          case "setMany": {
            const items = [["a", put("a", ttl), options] as const, ["c", put("c")] as const];
            return [store.setMany(items), undefined];
          }
          case "deleteMany": {
            const keys = ["b", "d"];
            const count = keys.filter(live).length;
            keys.forEach((key) => model.delete(key));
            return [store.deleteMany(keys), count];
          }
          case "clear":
            model.clear();
            return [store.clear(), undefined];
          case "sweep":
            return [store.sweep().then((count) => Number.isInteger(count)), true];
          default:
            return [keysOf(store), [...model.keys()].filter(live).sort()];
        }
      }

      for (const { tab, isLoose, call } of steps) {
        // What is not waited for has an order within one tab alone.
        if (loose.length && looseTab !== tab) await Promise.all(loose.splice(0));
        looseTab = tab;
        if (call.name === "wait" || call.name === "open") {
          await Promise.all(loose.splice(0));
          if (call.name === "wait") now += 10;
          else {
            await stores[tab]!.close();
            stores[tab] = open();
          }
          continue;
        }
        const [calling, expected] = make(stores[tab]!, call);
        const checked = Promise.resolve(calling).then((result) => assert.deepEqual(result, expected, call.name));
        if (isLoose && call.name !== "keys") loose.push(checked);
        else await Promise.all([checked, ...loose.splice(0)]);
      }
      await Promise.all(loose);
      await Promise.all(stores.splice(0).map((store) => store.close()));
    }),
    { numRuns: runs },
  );
});

test("what a store asked for is seen by what it asks next, also where it could be answered from memory", async () => {
  const [store] = (stores = [indexeddb({ database: `cache${++databases}` })]) as [Store];
  const writes: ((value: Uint8Array) => Promise<unknown>)[] = [
    (value) => store.set("a", value),
    (value) => store.setMany([["a", value]]),
    (value) => store.update("a", () => value),
    () => store.delete("a"),
    () => store.deleteMany(["a"]),
    () => store.clear(),
    () => store.clear({ prefix: "a" }),
  ];
  for (const [index, write] of writes.entries()) {
    await store.set("a", bytes("old"));
    // The transaction of this read is active when the next calls are made.
    await store.get("a");
    const writing = write(bytes("new"));
    assert.equal(text(await store.find("a")), index < 3 ? "new" : undefined, String(write));
    await writing;
  }
});

test("bytes that were set or given out are nobody else's", async () => {
  const database = `cache${++databases}`;
  const [writer, store] = (stores = [indexeddb({ database }), indexeddb({ database })]) as [Store, Store];
  const readings: (() => Promise<Uint8Array | undefined>)[] = [
    () => store.get("a"),
    () => store.entry("a").then((entry) => entry?.value),
    () => store.findMany(["a", "a"]).then(([, second]) => second),
    () => store.update("a", (current) => current),
    () => Promise.all(Array.from({ length: 20 }, () => store.get("a"))).then((all) => all[7]),
  ];
  for (const write of [writer, store]) {
    for (const first of readings) {
      // What another wrote is read from the database, then from memory.
      const given = bytes("kept");
      await write.set("a", given, { ttl: 60_000 });
      given.fill(0);
      for (const read of [first, ...readings]) {
        const found = await read();
        assert.equal(text(found), "kept", `${first}, then ${read}`);
        found!.fill(0);
      }
    }
  }
});
