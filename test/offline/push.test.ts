import assert from "node:assert/strict";
import { afterEach, test } from "vitest";
import { memory } from "../../src/index.ts";
import type { Store } from "../../src/core/contract.ts";
import { StoreError } from "../../src/core/error.ts";
import { createHub } from "../../src/core/hub.ts";
import type { Link, Outcome, Push } from "../../src/core/link.ts";
import { createCompleteStore } from "../../src/core/createCompleteStore.ts";
import { readConflicts } from "../../src/offline/kept.ts";
import { plainLink } from "../../src/offline/plainLink.ts";
import { pull } from "../../src/offline/pull.ts";
import { push } from "../../src/offline/push.ts";
import { createRoom } from "../../src/offline/room.ts";
import { text, utf8 } from "../support/bytes.ts";

const stores: { close(): Promise<void> }[] = [];
afterEach(() => Promise.all(stores.splice(0).map((store) => store.close())));

const call = { now: Date.now };

/** A room over a link that may be changed, of which nothing acts by itself. */
function open(change: (link: Link) => Partial<Link> = () => ({}), local: Store = memory()) {
  let words = 0;
  const word = (): string => `w${++words}`;
  const server = memory();
  const plain = plainLink(server, word);
  const link: Link = { ...plain, ...change(plain) };
  const hub = Promise.resolve(createHub());
  const end = async (): Promise<void> => {};
  const room = createRoom({
    local,
    link,
    hub,
    now: Date.now,
    word,
    maxPendingKeys: 1000,
    onConflict: () => {},
    end,
  });
  const store = createCompleteStore(room.backend);
  stores.push(store);
  return { ...room, local, server, store };
}

test("an operation that is too large alone is refused, and the next push has its number", async () => {
  const numbers: number[] = [];
  const { side, store, server, local } = open((link) => ({
    push(given: Push, call) {
      numbers.push(given.sequence);
      const isLarge = given.operations.some((each) => each.kind === "write" && each.value?.length === 10);
      return isLarge ? Promise.reject(new StoreError("quota-exceeded", "Too large")) : link.push(given, call);
    },
  }));
  await store.set("large", utf8("0123456789"));
  await store.set("small", utf8("1"));
  while ((await push(side, call)) !== "idle");
  assert.deepEqual(
    (await readConflicts(local)).map(({ kind, key }) => [kind, key]),
    [["refused", "large"]],
  );
  assert.equal(text(await server.find("small")), "1");
  assert.deepEqual(numbers, [1, 1, 1]);
});

test("after a refusal what is there is asked for, since what was pulled meanwhile was left", async () => {
  let meanwhile = async (): Promise<void> => {};
  const error = new StoreError("invalid-argument", "No");
  const { side, store, server } = open(() => ({
    async push({ operations }: Push): Promise<readonly Outcome[]> {
      await meanwhile();
      return operations.map(() => ({ isDone: false, error }));
    },
  }));
  await pull(side, call);
  await store.set("k", utf8("mine"));
  meanwhile = async () => {
    await server.set("k", utf8("theirs"));
    await pull(side, call);
  };
  await push(side, call);
  assert.equal(text(await store.find("k")), "theirs");
});

test("two keys of which another context has settled one are marked in one step", async () => {
  const { store, local } = open();
  const other = open(undefined, local);
  await store.set("a", utf8("1"));
  const [[mark]] = (await other.side.listMarks(1, call)) as [readonly [string, string]];
  await other.rows.change(["a"], [], () => ({ records: [{ n: "1", pending: [] }] }), { marks: [mark] });
  assert.deepEqual(await other.side.listMarks(1, call), []);
  await store.setMany([
    ["a", utf8("2")],
    ["b", utf8("2")],
  ]);
  assert.deepEqual((await other.side.listMarks(9, call)).map(([, key]) => key).sort(), ["a", "b"]);
});

test("a burst has one mark, which goes with the last of its keys", async () => {
  const { side, store, server, local } = open();
  const keys = Array.from({ length: 300 }, (_, index) => `k${index}`);
  const marks = async (): Promise<number> => (await local.list({ prefix: "o" })).entries.length;
  await Promise.all(keys.map((key) => store.set(key, utf8(key))));
  assert.equal(await marks(), 1);
  await pull(side, call);
  await push(side, call);
  assert.equal(await marks(), 1);
  assert.equal((await side.listMarks(1000, call)).length, 100);
  while ((await push(side, call)) !== "idle");
  assert.equal(await marks(), 0);
  assert.equal((await server.list()).entries.length, 300);
});

test("what was marked key by key, and written as one line, is read as before", async () => {
  const { side, store, server, local } = open();
  const row = `[1,"",0,"0abc",{"id":"i","value":1,"steps":0,"expiresAt":null}]\nv`;
  await local.setMany([
    ["dold", utf8(row)],
    ["o0abc", utf8("old")],
  ]);
  assert.equal(text(await store.find("old")), "v");
  await store.set("new", utf8("v"));
  await pull(side, call);
  while ((await push(side, call)) !== "idle");
  assert.equal(text(await server.find("old")), "v");
  assert.equal(text(await server.find("new")), "v");
  assert.equal((await local.list({ prefix: "o" })).entries.length, 0);
});

test("what is on its way when it is dropped is seen no more, not tried again, and theirs if it arrived", async () => {
  for (const hasArrived of [false, true]) {
    const { side, store, server, flusher } = open((link) => ({
      push: (given: Push, call) => (isUp ? link.push(given, call) : lose(hasArrived && link.push(given, call))),
    }));
    let isUp = false;
    const lose = async (work: unknown): Promise<never> => {
      await work;
      throw new StoreError("unavailable", "Answer is lost");
    };
    await server.set("k", utf8("theirs"));
    await pull(side, call);
    await store.set("k", utf8("mine"));
    await store.increment("n");
    await assert.rejects(push(side, call));
    await store.increment("n");
    assert.equal(await flusher.discard(undefined, call), 2);
    assert.equal(await flusher.discard(undefined, call), 0);
    const seen = async (): Promise<unknown[]> => [text(await store.find("k")), text(await store.find("n"))];
    assert.deepEqual(await seen(), ["theirs", undefined]);
    isUp = true;
    while ((await push(side, call)) !== "idle");
    assert.deepEqual(await seen(), hasArrived ? ["mine", "1"] : ["theirs", undefined]);
    assert.deepEqual(await seen(), [text(await server.find("k")), text(await server.find("n"))]);
  }
});

test("what is written after what was dropped on its way is decided on what is there", async () => {
  let isUp = false;
  const { side, store, server, flusher } = open((link) => ({
    push: (given: Push, call) =>
      isUp ? link.push(given, call) : Promise.reject(new StoreError("unavailable", "Down")),
  }));
  await server.set("k", utf8("a"));
  await pull(side, call);
  await store.set("k", utf8("dropped"));
  await assert.rejects(push(side, call));
  await flusher.discard(["k"], call);
  await store.update("k", (old) => utf8(`${text(old)}+mine`));
  assert.equal(text(await store.find("k")), "a+mine");
  await server.set("k", utf8("b"));
  isUp = true;
  while ((await push(side, call)) !== "idle");
  for (const each of [store, server]) assert.equal(text(await each.find("k")), "b+mine");
});

test("statuses of a process count what another one on the same local store has written and settled", async () => {
  const { store, side, local } = open();
  // With a hub of its own, as a process has.
  const other = open(undefined, local);
  await other.status.ready;
  const statuses = other.status.follow();
  assert.equal((await statuses.next()).value.pending, 0);
  await store.set("k", utf8("1"));
  assert.equal((await statuses.next()).value.pending, 1);
  await pull(side, call);
  while ((await push(side, call)) !== "idle");
  assert.equal((await statuses.next()).value.pending, 0);
  await statuses.return!();
});

test("a hundred thousand increments of ten keys are ten operations, of ten rows and a mark", async () => {
  const pushes: Push[] = [];
  const { side, store, server, local } = open((link) => ({
    push(push, call) {
      pushes.push(push);
      return link.push(push, call);
    },
  }));
  for (let round = 0; round < 100; round++)
    await Promise.all(Array.from({ length: 1000 }, (_, index) => store.increment(`n${index % 10}`)));
  assert.equal((await local.list({ prefix: "d" })).entries.length, 10);
  assert.equal((await local.list({ prefix: "o" })).entries.length, 1);
  await pull(side, call);
  while ((await push(side, call)) !== "idle");
  assert.equal(pushes.flatMap(({ operations }) => operations).length, 10);
  for (let index = 0; index < 10; index++) assert.equal(text(await server.find(`n${index}`)), "10000");
});
