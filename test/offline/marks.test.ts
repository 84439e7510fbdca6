// What is marked as waiting, and how it is counted.
import assert from "node:assert/strict";
import { test } from "vitest";
import type { Push } from "../../src/core/link.ts";
import { pull } from "../../src/offline/pull.ts";
import { push } from "../../src/offline/push.ts";
import { text, utf8 } from "../support/bytes.ts";
import { call, openRoom as open } from "../support/offlineRoom.ts";

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
