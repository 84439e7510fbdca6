import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { test } from "vitest";
import { memory } from "../../../src/backends/memory.ts";
import type { Store } from "../../../src/core/contract.ts";
import { createStore } from "../../../src/core/createStore.ts";
import { isStoreError } from "../../../src/core/error.ts";
import { isKey } from "../../../src/core/key.ts";
import type { Remote } from "../../../src/core/link.ts";
import { remoteLink } from "../../../src/http/link.ts";
import { remote } from "../../../src/http/remote.ts";
import { json } from "../../../src/views/json.ts";
import { prefix } from "../../../src/views/prefix.ts";
import { anyBytes, anyText, fuzz } from "../../support/fuzz.ts";
import { linked } from "../../support/linked.ts";
import { bytes, mount, text } from "../../support/pair.ts";
import { until } from "../../support/until.ts";
import { forgetful } from "../../support/watched.ts";

const hash = (value: Uint8Array): string => createHash("sha256").update(value).digest("hex");

const show = (found: readonly (Remote | undefined)[]): unknown[] =>
  found.map((entry) => entry && [text(entry.value), entry.expiresAt, entry.tag]);

test("there is a link to a remote store and to a part of one, and to no other", () => {
  const far = remote({ url: mount });
  for (const store of [far, prefix(far, "a/")]) assert.equal(remoteLink(store)?.store, store);
  for (const store of [memory(), prefix(memory(), "a/"), json(far) as Store, json(far, { prefix: "a/" }) as Store])
    assert.equal(remoteLink(store), undefined);
});

test("a read brings what is not known, with deadlines by the clock of this side", async () => {
  const { link, store, clock, sent } = linked();
  await store.set("a", bytes("one"), { ttl: 1000 });
  await store.set("b", bytes("two"));
  await store.set("c", bytes("three"), { ttl: 500 });
  const [one, two, three] = ["one", "two", "three"].map((value) => hash(bytes(value)));
  const here = clock.now() + 5000;
  const found = await link.read([["a", undefined], ["b", two], ["none", undefined], ["c", "other"]], { now: () => here }); // prettier-ignore
  assert.deepEqual(show(found), [
    ["one", here + 1000, one],
    [undefined, Infinity, two],
    undefined,
    ["three", here + 500, three],
  ]);
  assert.deepEqual(sent, ["POST batch"]);
  assert.deepEqual(await link.read([], { now: clock.now }), []);
  assert.deepEqual(sent, ["POST batch"]);
});

test("many keys are read in parts, as many as the handler takes, and come in their order", async () => {
  const keys = Array.from({ length: 2500 }, (_, index) => `k${index}`);
  for (const [maxItems, requests] of [
    [10_000, 3],
    [1000, 3],
    [400, 1 + 3 + 1 + 3 + 1 + 2],
  ] as const) {
    const { link, store, call, sent } = linked({ handler: { maxItems } });
    await store.setMany(keys.map((key) => [key, bytes(key)] as const));
    const found = await link.read(keys.map((key) => [key, undefined]), call); // prettier-ignore
    assert.deepEqual(found.map((entry) => text(entry?.value)), keys); // prettier-ignore
    assert.equal(sent.length, requests, String(maxItems));
  }
});

test("values that do not fit together are left out, and each comes when it is read by itself", async () => {
  const { link, store, call } = linked({ handler: { maxBytes: 1000 } });
  for (const key of ["a", "b", "c"]) await store.set(key, new Uint8Array(600));
  await store.set("small", bytes("x"));
  const wanted = ["a", "b", "c", "small"].map((key) => [key, undefined] as const);
  const found = await link.read(wanted, call);
  assert.deepEqual(found.map((entry) => entry?.value?.length), [600, undefined, undefined, 1]); // prettier-ignore
  assert.ok(found.every((entry, index) => entry!.tag === hash(index < 3 ? new Uint8Array(600) : bytes("x"))));
  const [alone] = await link.read([wanted[1]!], call);
  assert.equal(alone?.value?.length, 600);
});

test("a value that has more bytes than are wanted is left out, also when it is read by itself", async () => {
  const { link, store, call } = linked();
  await store.set("large", bytes("12345"));
  await store.set("small", bytes("1"));
  const tag = hash(bytes("12345"));
  const found = await link.read([["large", undefined, 4], ["small", undefined, 4]], call); // prettier-ignore
  assert.deepEqual(found[0], { value: undefined, expiresAt: Infinity, tag, size: 5 });
  assert.equal(text(found[1]?.value), "1");
  assert.equal((await link.read([["large", undefined, 4]], call))[0]?.size, 5);
  assert.equal(text((await link.read([["large", undefined, 5]], call))[0]?.value), "12345");
});

test("a listing has tags, page by page", async () => {
  const { link, store, clock, call } = linked({ handler: { maxItems: 3 } });
  const keys = Array.from({ length: 8 }, (_, index) => `k${index}`);
  await store.setMany(keys.map((key) => [key, bytes(key), { ttl: 1000 }] as const));
  await store.set("other", bytes("x"));
  const entries: unknown[] = [];
  let pages = 0;
  for (let cursor: string | undefined, isMore = true; isMore; isMore = cursor !== undefined) {
    const page = await link.list({ prefix: "k", cursor }, call);
    assert.ok(page.entries.length <= 3);
    entries.push(...page.entries);
    pages++;
    ({ cursor } = page);
  }
  assert.equal(pages, 3);
  assert.deepEqual(
    entries,
    keys.map((key) => ({ key, expiresAt: clock.now() + 1000, tag: hash(bytes(key)) })),
  );
  assert.deepEqual((await link.list({ prefix: "none" }, call)).entries, []);
  assert.equal((await link.list({ limit: 2 }, call)).entries.length, 2);
});

test("who may not read gets no tags, and who may not watch no changes", async () => {
  const { link, call } = linked({ handler: { authorize: () => ({ can: ["list"] }) } });
  const isRefused = (error: unknown): boolean => isStoreError(error, "unauthorized");
  await assert.rejects(link.list({}, call), isRefused);
  await assert.rejects(link.read([["a", undefined]], call), isRefused);
  await assert.rejects(link.changes(undefined, call), isRefused);
});

test("the keys that changed since a bookmark come once each, with the server's clock", async () => {
  const { link, store, clock } = linked();
  const call = { now: () => 5 };
  const begin = await link.changes(undefined, call);
  assert.deepEqual(
    { ...begin, bookmark: "" },
    { keys: undefined, bookmark: "", time: clock.now(), scope: begin.scope },
  );
  await store.set("a", bytes("x"));
  await store.set("b", bytes("x"));
  await store.delete("a");
  clock.advance(10);
  await until(async () => (await link.changes(begin.bookmark, call)).keys?.length === 2);
  const next = await link.changes(begin.bookmark, call);
  assert.deepEqual(
    { ...next, bookmark: "" },
    { keys: ["a", "b"], bookmark: "", time: clock.now(), scope: begin.scope },
  );
  assert.deepEqual((await link.changes(next.bookmark, call)).keys, []);
  // A bookmark can be gone back to.
  assert.deepEqual((await link.changes(begin.bookmark, call)).keys, ["a", "b"]);
});

test("all changes since a bookmark come, however many polls that takes", async () => {
  const { link, store, call, sent } = linked();
  const { bookmark } = await link.changes(undefined, call);
  const keys = Array.from({ length: 2000 }, (_, index) => `k${index}`);
  await store.setMany(keys.map((key) => [key, bytes("x")] as const));
  await store.setMany(keys.slice(0, 10).map((key) => [key, bytes("y")] as const));
  // They reach the handler one by one.
  await until(async () => (await link.changes(bookmark, call)).keys?.length === keys.length);
  sent.length = 0;
  const changes = await link.changes(bookmark, call);
  assert.deepEqual(changes.keys, keys);
  assert.equal(sent.length, 3);
  assert.deepEqual((await link.changes(changes.bookmark, call)).keys, []);
});

test("where changes may be missing there are no keys, and a bookmark to go on from", async () => {
  const { link, store, call } = linked();
  const other = linked();
  const foreign = (await other.link.changes(undefined, call)).bookmark!;
  for (const bookmark of [foreign, "17", "", `${crypto.randomUUID()}-0000000000000000`]) {
    const changes = await link.changes(bookmark, call);
    assert.equal(changes.keys, undefined, bookmark);
    await store.set("a", bytes("x"));
    await until(async () => (await link.changes(changes.bookmark, call)).keys?.join() === "a");
  }
  // Nobody asked for so long that the handler has let go of what it knew.
  const brief = linked({ handler: forgetful });
  const { bookmark } = await brief.link.changes(undefined, call);
  await until(async () => (await brief.link.changes(bookmark, call)).keys === undefined);
});

test("a store that nobody can watch has no bookmarks", async () => {
  const inner = memory();
  const store = createStore({ get: () => undefined, set() {}, delete() {}, isPersistent: inner.isPersistent } as never);
  const { link } = linked({ store });
  assert.deepEqual(await link.changes(undefined, { now: () => 5 }), { bookmark: undefined, time: 5 });
  assert.deepEqual(await link.changes("x", { now: () => 5 }), { bookmark: undefined, time: 5 });
});

test("of a part only what is in it is seen, without its prefix", async () => {
  const { link, store, call } = linked({ handler: { authorize: () => ({ prefix: "mine/" }) } }, "a/");
  const { bookmark } = await link.changes(undefined, call);
  await store.setMany(
    ["mine/a/1", "mine/a/b/2", "mine/b", "a/3", "mine/a", "mine/a/"].map((key) => [key, bytes(key)] as const),
  );
  await until(async () => (await link.changes(bookmark, call)).keys?.join() === "1,b/2");
  const { entries } = await link.list({}, call);
  assert.deepEqual(entries.map(({ key }) => key), ["1", "b/2"]); // prettier-ignore
  assert.deepEqual(
    (await link.list({ prefix: "b/" }, call)).entries.map(({ key }) => key),
    ["b/2"],
  );
  const found = await link.read([["1", undefined], ["b/2", entries[1]!.tag], ["b", undefined]], call); // prettier-ignore
  assert.deepEqual(found.map((entry) => entry && (text(entry.value) ?? "known")), ["mine/a/1", "known", undefined]); // prettier-ignore
});

test("an answer that is lost is asked for again, and a call that ends is over", async () => {
  let failures = 0;
  const { link, store, call, sent } = linked({
    between: async (request, send) => {
      if (failures-- > 0) throw new TypeError("The connection was lost");
      return send(request);
    },
  });
  await store.set("a", bytes("x"));
  for (const ask of [
    () => link.read([["a", undefined]], call),
    () => link.list({}, call),
    () => link.changes(undefined, call),
  ]) {
    failures = 2;
    await ask();
  }
  const controller = new AbortController();
  controller.abort();
  sent.length = 0;
  await assert.rejects(link.read([["a", undefined]], { ...call, signal: controller.signal }));
  assert.deepEqual(sent, []);
});

fuzz(
  "what is listed and read of a part is what is in it, whatever keys and values there are",
  fc.record({
    entries: fc.uniqueArray(fc.tuple(anyText.filter(isKey), anyBytes(60)), { selector: ([key]) => key, maxLength: 10 }),
    part: fc.constantFrom("", "a", "k", ".", "word", "%2e", "__"),
    maxItems: fc.integer({ min: 1, max: 5 }),
    maxBytes: fc.integer({ min: 60, max: 300 }),
  }),
  async ({ entries, part, maxItems, maxBytes }) => {
    const { link, store, call } = linked({ handler: { maxItems, maxBytes } }, part);
    await store.setMany(entries);
    const expected = new Map(entries.filter(([key]) => key.startsWith(part) && key !== part).map(([key, value]) => [key.slice(part.length), value])); // prettier-ignore
    const listed: string[] = [];
    for (let cursor: string | undefined, isMore = true; isMore; isMore = cursor !== undefined) {
      const page = await link.list({ cursor }, call);
      for (const { key, tag: found } of page.entries) assert.equal(found, hash(expected.get(key)!));
      listed.push(...page.entries.map(({ key }) => key));
      ({ cursor } = page);
    }
    assert.deepEqual(new Set(listed), new Set(expected.keys()));
    assert.equal(listed.length, expected.size);
    for (const key of listed) {
      const [[found], [known]] = await Promise.all([link.read([[key, undefined]], call), link.read([[key, hash(expected.get(key)!)]], call)]); // prettier-ignore
      assert.deepEqual(Buffer.from(found!.value!), Buffer.from(expected.get(key)!));
      assert.deepEqual(known, { value: undefined, expiresAt: Infinity, tag: found!.tag });
    }
    await store.close();
  },
  300,
);
