import assert from "node:assert/strict";
import { afterEach, test, vi } from "vitest";
import { count, fallback } from "../../src/extras.ts";
import { createStore, json, memory, prefix, registry, type Store } from "../../src/index.ts";
import { text, utf8 } from "../support/bytes.ts";
import { refused } from "../support/refused.ts";
import { storeKinds } from "../support/storeKinds.ts";
import { until } from "../support/until.ts";
import { failing, never, stuck } from "../support/uselessStores.ts";

afterEach(() => void vi.useRealTimers());

for (const [kind, open] of Object.entries(storeKinds)) {
  test(`${kind}: where the first does not work it is used, and nothing is left of the trial`, async () => {
    const inner = open();
    const store = fallback([() => failing("quota-exceeded"), () => inner]);
    await store.set("key", utf8("1"));
    assert.deepEqual([await store.using(), text(await inner.get("key")), await count(store)], [1, "1", 1]);
    assert.equal(await json<number>(prefix(store, "n/")).increment("key"), 1);
    await store.close();
    await refused(inner.get("key"), "closed");
  });
}

test("nothing is opened before the first call, of many calls one opens, and what was found stays", async () => {
  const opened: number[] = [];
  const stores = [failing("unavailable"), memory(), memory()];
  const store = fallback(stores.map((each, index) => () => (opened.push(index), each)));
  assert.deepEqual(opened, []);
  const changes = store.watch();
  const first = changes.next();
  await Promise.all([store.set("a", utf8("1")), store.set("b", utf8("2")), store.using()]);
  assert.deepEqual((await store.findMany(new Set(["a", "b", "c"]))).map(text), ["1", "2", undefined]);
  assert.deepEqual(opened, [0, 1]);
  assert.deepEqual((await first).value, { type: "set", key: "a" });
  await changes.return!();
  const found = [];
  for await (const { key } of store.entries()) found.push(key);
  for await (const key of store.keys({ prefix: "b" })) found.push(key);
  assert.deepEqual(found, ["a", "b", "b"]);
  assert.equal(await stores[2]!.has("a"), false);
});

test("what is written is taken when the call is made, also while nobody knows which store is used", async () => {
  const store = fallback([memory]);
  const bytes = [utf8("1"), utf8("2"), utf8("3")] as const;
  const writes = [store.set("a", bytes[0]), store.setMany([["b", bytes[1]]]), store.compareAndSet("c", undefined, bytes[2])]; // prettier-ignore
  for (const each of bytes) each.fill(0);
  await Promise.all(writes);
  assert.deepEqual((await store.findMany(["a", "b", "c"])).map(text), ["1", "2", "3"]);
});

test("calls come in their order, those with a signal too, and none that is made when the store is just known comes before", async () => {
  const inner = { ...memory(), isPersistent: () => true };
  const store = fallback([() => inner]);
  const { signal } = new AbortController();
  const writes = [store.set("a", utf8("1"), { signal }), store.set("a", utf8("2")), store.set("b", utf8("1"), { signal })]; // prettier-ignore
  const reads = [store.find("a"), store.find("b", { signal })];
  while (!store.isPersistent()) await undefined;
  writes.push(store.set("b", utf8("2")));
  assert.deepEqual((await Promise.all(reads)).map(text), ["2", "1"]);
  await Promise.all(writes);
  assert.deepEqual((await store.findMany(["a", "b"])).map(text), ["2", "2"]);
});

test("a watch whose signal aborts before a store is known ends quietly, and so does one that comes later", async () => {
  let open: (store: Store) => void = () => {};
  const store = fallback([() => new Promise<Store>((resolve) => (open = resolve))]);
  const stop = new AbortController();
  const watches = [store.watch(stop), store.watch(stop)] as const;
  const steps = [watches[0].next(), watches[0].next()];
  await until(() => open);
  stop.abort("leaves");
  steps.push(watches[1].next(), watches[1].return!(), store.watch(stop).next());
  for (const step of steps) assert.deepEqual(await step, { done: true, value: undefined });
  await refused(store.watch({ signal: 5 as never }).next(), "invalid-argument");
  open(memory());
  await store.using();
  assert.deepEqual(await store.watch(stop).next(), { done: true, value: undefined });
});

test("what is no store is passed over, and said to be none", async () => {
  const wrong = [() => {}, () => 5, async () => ({})] as never[];
  assert.equal(await fallback([...wrong, memory]).using(), 3);
  const { cause } = await refused(fallback(wrong).get("key"), "unavailable", /^Cannot use any store: StoreError: Invalid store: expected a store, got undefined; /); // prettier-ignore
  const messages = (cause as AggregateError).errors.map(({ message }) => message);
  assert.deepEqual(messages.slice(1), ["Invalid store: expected a store, got 5", "Invalid store: expected a store, got Object"]); // prettier-ignore
});

test("one that never opens, or never answers, is passed over after the patience, and closed when it opens late", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const late = memory({ sweepInterval: Infinity });
  let open: (store: Store) => void = () => {};
  const store = fallback([
    () => new Promise<Store>((resolve) => (open = resolve)),
    () => ({ ...stuck, close: never }),
    memory,
  ]);
  const using = store.using();
  await vi.advanceTimersByTimeAsync(4_999);
  assert.equal(vi.getTimerCount(), 1);
  await vi.advanceTimersByTimeAsync(1);
  await vi.advanceTimersByTimeAsync(5_000);
  assert.equal(await using, 2);
  open(late);
  await vi.waitUntil(() => late.get("key").then(() => false, (error) => error.code === "closed")); // prettier-ignore
  assert.equal(await late.has("key").catch((error) => error.code), "closed");
});

test("one that takes what it is given and forgets it does not work", async () => {
  const forgetful = createStore({ get: () => undefined, set() {}, delete: () => false, isPersistent: () => true });
  const store = fallback([() => forgetful, memory]);
  assert.equal(store.isPersistent(), false);
  assert.equal(await store.using(), 1);
});

test("it is persistent if the store in use is", async () => {
  const kept = { ...memory(), isPersistent: () => true };
  const store = fallback([() => kept]);
  assert.equal(store.isPersistent(), false);
  await store.using();
  assert.equal(store.isPersistent(), true);
});

test("where none works calls reject with all the reasons, and the next call tries anew", async () => {
  let works = false;
  const store = fallback([
    () => failing("quota-exceeded"),
    () => {
      if (works) return memory();
      throw new Error("Blocked");
    },
  ]);
  const error = await refused(
    store.get("key"),
    "unavailable",
    /^Cannot use any store: StoreError: Failed; Error: Blocked$/,
  );
  assert.equal((error.cause as AggregateError).errors[0].code, "quota-exceeded");
  await refused(store.watch().next(), "unavailable");
  works = true;
  assert.equal(await store.using(), 1);
});

test("a caller whose signal aborts does not wait, and the others do", async () => {
  let open: (store: Store) => void = () => {};
  const store = fallback([() => new Promise<Store>((resolve) => (open = resolve))]);
  const stop = new AbortController();
  const leaving = [store.get("key", stop), store.using(stop), store.keys(stop)[Symbol.asyncIterator]().next()];
  const staying = store.find("key");
  await until(() => open);
  stop.abort("leaves");
  for (const each of leaving) await assert.rejects(each, (reason) => reason === "leaves");
  open(memory());
  assert.equal(await staying, undefined);
  await assert.rejects(store.find("key", stop), (reason) => reason === "leaves");
});

test("closed before it is used it opens nothing; closed while it looks, it closes what it finds", async () => {
  const store = fallback([() => assert.fail("it is opened")]);
  await store.close();
  await refused(store.get("key"), "closed");
  const found = memory();
  const other = fallback([() => found]);
  const reading = other.find("key");
  await Promise.all([other.close(), other.close()]);
  assert.equal(await reading, undefined);
  await refused(found.find("key"), "closed");
  await refused(other.find("key"), "closed");
});

test("configurations are checked at once, and opened by the registry", async () => {
  const list = [{ backend: "indexeddb" }, { backend: "memory", parameters: { maxEntries: 5 } }];
  const store = fallback(list, { registry });
  await store.set("key", utf8("1"));
  assert.equal(await store.using(), 1);
  await refused(() => fallback([{ backend: "nothing" }], { registry }), "bad-config", /^Unknown backend "nothing"/);
  await refused(() => fallback(list), "invalid-argument", /^Invalid store: expected a function, or a configuration and a registry, got Object$/); // prettier-ignore
});

test("what is wrong is one StoreError, thrown at once", async () => {
  await refused(() => fallback([]), "invalid-argument", /^Invalid list: expected a store, got "none"$/);
  await refused(() => fallback(5 as never), "invalid-argument");
  await refused(() => fallback([memory], { patience: 0 }), "invalid-argument", /^Invalid patience: expected a number of ms above 0, got 0$/); // prettier-ignore
  await refused(() => fallback([memory], 5 as never), "invalid-argument");
  await refused(fallback([() => 5 as never]).get("key"), "unavailable");
  await refused(fallback([memory]).set("key", 5 as never), "invalid-argument");
});

test("what is no signal is refused as every store refuses it, by a promise, before and after the first call", async () => {
  const store = fallback([() => memory()]);
  const wrong = { signal: 5 as never };
  const refused = { name: "StoreError", code: "invalid-argument" };
  for (let round = 0; round < 2; round++) {
    await assert.rejects(store.get("key", wrong), refused);
    await assert.rejects(store.set("key", Uint8Array.of(1), wrong), refused);
    await assert.rejects(store.using(5 as never), refused);
    await store.using();
  }
});
