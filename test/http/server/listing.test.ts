import assert from "node:assert/strict";
import { test } from "vitest";
import { memory } from "../../../src/backends/memory.ts";
import { isStoreError } from "../../../src/core/error.ts";
import type { Lines } from "../../../src/http/wire.ts";
import { prefix } from "../../../src/views/prefix.ts";
import { bytes, pair } from "../../support/pair.ts";
import { problem } from "../../support/problem.ts";

test("a listing comes in pages, no longer than the limit", async () => {
  const { ask, store, clock } = pair({ handler: { maxItems: 2 } });
  await store.setMany([
    ["a/1", bytes("x")],
    ["a/2", bytes("xy"), { ttl: 1000 }],
    ["a/3", bytes("")],
    ["b", bytes("")],
  ]);
  clock.advance(1);
  const first = (await (await ask("GET", "entries?prefix=a%2F&limit=100")).json()) as {
    entries: unknown;
    cursor: string;
  };
  assert.deepEqual(first.entries, [
    { key: "a/1", ttl: null, size: 1 },
    { key: "a/2", ttl: 999, size: 2 },
  ]);
  const second = await (await ask("GET", `entries?prefix=a%2F&cursor=${encodeURIComponent(first.cursor)}`)).json();
  assert.deepEqual(second, { entries: [{ key: "a/3", ttl: null, size: 0 }] });
  for (const limit of ["0", "-1", "1.5", "many", "", "1e3"])
    await problem(ask("GET", `entries?limit=${limit}`), 400, "invalid-argument");
  await problem(ask("GET", "entries?prefix=%ff"), 400, "invalid-argument");
});

test("clearing everything has to be said", async () => {
  const { ask, store } = pair();
  await store.setMany([
    ["a", bytes("")],
    ["ab", bytes("")],
    ["b", bytes("")],
  ]);
  await problem(ask("DELETE", "entries"), 400, "invalid-argument");
  await problem(ask("DELETE", "entries?prefx=a"), 400, "invalid-argument");
  assert.equal((await ask("DELETE", "entries?prefix=a")).status, 204);
  assert.deepEqual(
    (await store.list()).entries.map(({ key }) => key),
    ["b"],
  );
  assert.equal((await ask("DELETE", "entries?prefix=")).status, 204);
  assert.deepEqual((await store.list()).entries, []);
});

test("an empty cursor is one: the place of a key that is the prefix itself", async () => {
  const { ask, far, store } = pair();
  await store.setMany(["a", "a1", "a2", "b"].map((key) => [key, bytes("x")] as const));
  const first = (await (await ask("GET", "entries?prefix=a&limit=1")).json()) as { cursor: string };
  assert.equal(first.cursor, "");
  const second = (await (await ask("GET", "entries?prefix=a&limit=1&cursor=")).json()) as Lines;
  assert.deepEqual(
    second.entries.map(({ key }) => key),
    ["a1"],
  );
  const page = await far.list({ prefix: "a", limit: 2, cursor: "" });
  assert.deepEqual(
    page.entries.map(({ key }) => key),
    ["a1", "a2"],
  );
});

test("a cursor of one scope shows nothing of it, and gives another scope a page of its own", async () => {
  const store = memory();
  const keys = ["1", "2", "3", "4"];
  for (const scope of ["a", "a/b", "b"])
    await store.setMany(keys.map((key) => [`${scope}/${key}`, bytes("x")] as const));
  const asks = ["a/", "a/b/", "b/", ""].map((prefix) => pair({ store, handler: { authorize: () => ({ prefix }) } }));
  for (const one of asks) {
    const { cursor } = await one.far.list({ limit: 2 });
    for (const other of asks) {
      const page = await other.far.list({ limit: 1000, cursor: cursor! });
      const all = new Set((await other.far.list()).entries.map(({ key }) => key));
      assert.ok(page.entries.every(({ key }) => all.has(key)));
    }
  }
  assert.deepEqual((await asks[0]!.far.list({ limit: 2 })).cursor, "2");
  assert.deepEqual((await asks[2]!.far.list({ limit: 2 })).cursor, "2");
});

test("a sweep of a scope removes and counts what is its own", async () => {
  const { ask, far, store, clock } = pair({ handler: { authorize: () => ({ prefix: "mine/" }) } });
  await store.setMany(
    ["mine/a", "mine/b", "other/a", "mine", "mine0"].map((key) => [key, bytes("x"), { ttl: 10 }] as const),
  );
  await store.setMany([
    ["mine/c", bytes("x")],
    ["mine/d", bytes("x"), { ttl: 20 }],
  ]);
  assert.equal(await far.sweep(), 0);
  clock.advance(10);
  assert.equal(await (await ask("POST", "sweep")).text(), "2");
  assert.equal(await far.sweep(), 0);
  // What others have is still there to be swept.
  assert.equal(await store.sweep(), 3);
  assert.deepEqual(
    (await far.list()).entries.map(({ key }) => key),
    ["c", "d"],
  );
  await store.close();
  await assert.rejects(far.sweep(), (error) => isStoreError(error, "unavailable"));
});

test("a sweep with a prefix is of that part, within the scope", async () => {
  for (const scope of ["", "mine/"]) {
    const { ask, far, store, clock } = pair({ handler: { authorize: () => ({ prefix: scope }) } });
    const keys = ["a/1", "a/2", "b/1", "a"].map((key) => scope + key);
    await store.setMany([...keys, "other/a/1"].map((key) => [key, bytes("x"), { ttl: 10 }] as const));
    clock.advance(10);
    assert.equal(await (await ask("POST", "sweep?prefix=a%2F")).text(), "2");
    assert.equal(await prefix(prefix(far, "b"), "/").sweep(), 1);
    await problem(ask("POST", "sweep?prefx=a"), 400, "invalid-argument");
    await problem(ask("POST", "sweep?prefix=%ff"), 400, "invalid-argument");
    assert.equal(await store.sweep(), 2);
  }
});

test("a store whose parts cannot be distinguished is not swept for the sake of one", async () => {
  let swept = 0;
  const store = memory();
  const wrapped = { ...store, sweep: async () => ++swept };
  const scoped = pair({ store: wrapped, handler: { authorize: () => ({ prefix: "mine/" }) } });
  await problem(scoped.ask("POST", "sweep"), 501, "unsupported");
  await problem(scoped.ask("POST", "sweep?prefix=a"), 501, "unsupported");
  const { ask } = pair({ store: wrapped });
  await problem(ask("POST", "sweep?prefix=a"), 501, "unsupported");
  assert.equal(swept, 0);
  assert.equal(await (await ask("POST", "sweep?prefix=")).text(), "1");
});
