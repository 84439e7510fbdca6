import assert from "node:assert/strict";
import { test } from "vitest";
import { StoreError } from "../../src/core/error.ts";
import type { Outcome, Push } from "../../src/core/link.ts";
import { readConflicts } from "../../src/offline/kept.ts";
import { pull } from "../../src/offline/pull.ts";
import { push } from "../../src/offline/push.ts";
import { text, utf8 } from "../support/bytes.ts";
import { call, openRoom as open } from "../support/offlineRoom.ts";

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

test("keys that are written all the time hold none of the others up", async () => {
  const busy = Array.from({ length: 200 }, (_, index) => `busy${index}`);
  let isBusy = true;
  const { side, store, server, local } = open((link) => ({
    async push(given: Push, call) {
      if (isBusy) await store.setMany(busy.map((key) => [key, utf8(key)]));
      return link.push(given, call);
    },
  }));
  await store.setMany(busy.map((key) => [key, utf8(key)]));
  await store.set("quiet", utf8("1"));
  for (let count = 0; count < 2; count++) await push(side, call);
  assert.equal(await server.has("quiet"), true);
  isBusy = false;
  while ((await push(side, call)) !== "idle");
  assert.deepEqual((await local.list({ prefix: "o" })).entries, []);
});
