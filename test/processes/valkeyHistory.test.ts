// What servers remember of changes, for handlers that were not there.
import assert from "node:assert/strict";
import { test } from "vitest";
import { valkey, type ValkeyOptions } from "../../src/backends/valkey.ts";
import type { Store } from "../../src/core/contract.ts";
import { isStoreError } from "../../src/core/error.ts";
import { handler } from "../../src/http/handler.ts";
import type { Polled } from "../../src/http/wire.ts";
import { createClock } from "../../src/testing/clock.ts";
import { utf8 } from "../support/bytes.ts";
import { endOf, read, since, sinceInPages } from "../support/logPages.ts";
import { showChange } from "../support/showChange.ts";
import { until } from "../support/until.ts";
import { startValkey } from "../support/valkey.ts";
import { valkeyPlaces, type Where } from "../support/valkeyPlaces.ts";

const valkeys = valkeyPlaces();
const one = utf8("x");

let prefixes = 0;
const open = (prefix: string, options: ValkeyOptions = {}, where: Where = "valkey"): Store =>
  valkeys.open(where, { prefix, sweepInterval: Infinity, ...options });
const fresh = (): string => `history ${++prefixes}/`;

for (const [where, tag, clock] of [
  ["valkey", "", undefined],
  ["valkey", "", createClock()],
  ["valkey cluster", "{tag}", undefined],
] as const) {
  test(`all that happens is remembered, also what stores without the option do: ${where}${tag}${clock ? " by a clock" : ""}`, async () => {
    const prefix = `${tag}${fresh()}`;
    const now = clock?.now;
    const [store, other] = [open(prefix, { now, history: true }, where), open(prefix, { now }, where)];
    await other.set("before", one);
    assert.equal(await read(other), undefined);
    const begin = await endOf(store);
    assert.deepEqual(await since(store, begin), []);
    await other.set("a b:c", one);
    await store.setMany(Array.from({ length: 300 }, (_, index) => [`many ${index}`, one] as const));
    await other.deleteMany(["many 0", "many 1", "none"]);
    await other.increment("n");
    await other.take("n");
    await other.set("late", one, { ttl: 20 });
    clock?.advance(20);
    await until(async () => !(await other.has("late")));
    await store.sweep();
    await other.transact(["a b:c", "b"], () => [undefined, { value: one }]);
    await other.get("none").catch(() => {});
    const expected = [
      "set a b:c",
      ...Array.from({ length: 300 }, (_, index) => `set many ${index}`),
      "delete many 0",
      "delete many 1",
      "set n",
      "delete n",
      "set late",
      "expire late",
      "delete a b:c",
      "set b",
    ];
    assert.deepEqual(await since(other, begin), expected);
    const some = await sinceInPages(other, begin, "many", 100);
    assert.deepEqual(
      some.changes,
      expected.filter((change) => change.includes("many")),
    );
    assert.equal(some.position, await endOf(store));
    // Nothing of it is a value of the store.
    assert.equal((await store.list({ prefix: "many" })).entries.length, 298);
    assert.equal((await store.list()).entries.length, 300);
  });
}

test("any handler answers from any bookmark; in a cluster whose keys are in many slots each from its own", async () => {
  const prefix = fresh();
  const poll = async (store: Store, after?: string): Promise<Polled> => {
    const url = `http://store.test/changes${after === undefined ? "" : `?after=${after}`}`;
    const response = await handler(store)(new Request(url, { headers: { accept: "application/json" } }));
    return (await response.json()) as Polled;
  };
  const stores = [open(prefix, { history: true }), open(prefix, { history: true })];
  let { last } = await poll(stores[0]!);
  for (let round = 0; round < 4; round++) {
    await stores[round % 2]!.set(`${round}`, one);
    const polled = await poll(stores[(round + 1) % 2]!, last);
    assert.deepEqual([polled.changes.map(showChange), polled.resync], [[`set ${round}`], undefined]);
    ({ last } = polled);
  }
  const scattered = open(prefix, { history: true }, "valkey cluster");
  await scattered.set("a", one);
  assert.equal(await read(scattered), undefined);
  assert.equal((await poll(scattered, last)).resync, true);
});

test("after a failover that lost writes what came with them is not known, and what came before is", async (t) => {
  const [first, second] = [await startValkey(), await startValkey()];
  const stores = [first, second].map(({ url }) => valkey({ url, history: true }));
  t.onTestFinished(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await Promise.all([first.stop(), second.stop()]);
  });
  const [before, after] = stores as [Store, Store];
  await second.cli("replicaof", "127.0.0.1", String(first.port));
  const begin = await endOf(before);
  await before.set("a", one);
  const kept = await endOf(before);
  await until(async () => (await second.cli("exists", "a")) === "1");
  await second.cli("replicaof", "no", "one");
  await before.set("lost", one);
  const lost = await endOf(before);
  await after.set("b", one);
  assert.deepEqual([await since(after, begin), await since(after, kept)], [["set a", "set b"], ["set b"]]);
  assert.equal(await since(after, lost), undefined);
  // By the number or by what is random alone it is not that change.
  const [time, number, word] = kept.split("-");
  for (const other of [`${time}-${number}-1`, `${Number(time) - 1}-${number}-${word}`, "", "0-0-0", "x"])
    assert.equal(await since(after, other), undefined, other);
  // Nor is it in a database that was emptied.
  await second.cli("flushall");
  await after.set("c", one);
  assert.equal(await since(after, kept), undefined);
  assert.deepEqual(await since(after, await endOf(after)), []);
});

test("what is too much or too old is forgotten, but for the last; `false` ends it, and a reader of what is forgotten begins anew", async () => {
  const prefix = fresh();
  const store = open(prefix, { history: { maxChanges: 100, maxAge: 1 } });
  const begin = await endOf(store);
  await store.setMany(Array.from({ length: 1000 }, (_, index) => [`${index}`, one] as const));
  // The server forgets in portions.
  assert.equal(await since(store, begin), undefined);
  const end = await endOf(store);
  await store.set("old", one);
  await until(async () => {
    await store.sweep();
    return (await since(store, end)) === undefined;
  });
  const last = await endOf(store);
  await store.sweep();
  assert.deepEqual(await since(store, last), []);
  await store.set("a", one);
  assert.deepEqual(await since(store, last), ["set a"]);
  const ender = open(prefix, { history: false });
  assert.equal(await read(ender), undefined);
  await ender.set("unseen", one);
  assert.equal(await since(store, last), undefined);
  for (const history of [1, { maxAge: 0 }, { rows: 5 }])
    assert.throws(
      () => open(prefix, { history: history as never }),
      /option "history" must be true, false, or an object/,
    );
});

test("a change that cannot be noted leaves no log in which it would be missing", async () => {
  const prefix = fresh();
  await valkeys.server.cli("acl", "setuser", "noter", "on", ">word", "~*", "&*", "+@all", "-xadd");
  const [store, other] = [open(prefix, { history: true }), open(prefix, { username: "noter", password: "word" })];
  const begin = await endOf(store);
  await store.set("a", one);
  assert.deepEqual(await since(store, begin), ["set a"]);
  await other.set("b", one);
  assert.equal(await since(store, begin), undefined);
  const again = await endOf(store);
  await store.set("c", one);
  assert.deepEqual(await since(store, again), ["set c"]);
  // A server that is full takes no change, and can be emptied.
  await valkeys.server.cli("config", "set", "maxmemory", "1");
  try {
    await assert.rejects(store.set("d", one), (error) => isStoreError(error, "quota-exceeded"));
    await store.delete("a");
  } finally {
    await valkeys.server.cli("config", "set", "maxmemory", "0");
  }
  assert.deepEqual(await since(store, again), ["set c", "delete a"]);
});
