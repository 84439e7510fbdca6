import assert from "node:assert/strict";
import { test } from "vitest";
import { memory } from "../../src/index.ts";
import type { Push } from "../../src/core/link.ts";
import { isStoreError, StoreError } from "../../src/core/error.ts";
import { progressRow, records } from "../../src/offline/names.ts";
import { pull } from "../../src/offline/pull.ts";
import { utf8 } from "../support/bytes.ts";
import { fullStore } from "../support/fullStore.ts";
import { call, offlineRoom, openRoom as open } from "../support/offlineRoom.ts";

const large = new Uint8Array(5000).fill(7);

test("what goes on its way needs no room for its value", async () => {
  const local = fullStore(memory());
  const pushed: number[] = [];
  const { side, contact, store } = open(
    (link) => ({
      push({ operations, ...rest }: Push, call) {
        pushed.push(operations.length);
        return link.push({ operations, ...rest }, call);
      },
    }),
    local,
  );
  await pull(side, call);
  await store.set("a", large);
  await store.set("b", large);
  local.room = () => 1000;
  await contact.push(call).catch(() => {});
  assert.deepEqual(pushed, [2]);
});

test("a local store that has no room for what has changed there keeps nothing from being brought there", async () => {
  const local = fullStore(memory());
  const { contact, status, flusher, store, server } = open(undefined, local);
  await contact.pull(call);
  await store.set("mine", utf8("1"));
  await server.set("theirs", large);
  local.room = () => 10;
  await assert.rejects(contact.pull(call), (error) => isStoreError(error, "quota-exceeded"));
  assert.ok(status.get().online);
  // There is room for what is on its way, and for nothing of what is there.
  local.room = (key) => (key === progressRow ? 10 : Infinity);
  await assert.rejects(flusher.round(call), (error) => isStoreError(error, "quota-exceeded"));
  assert.ok(await server.has("mine"));
});

test("what is in conflict and has no room here goes behind what has, where little is taken at once", async () => {
  let time = Date.now();
  const now = (): number => time;
  const local = fullStore(memory({ now }));
  const { side, contact, store, server } = offlineRoom(
    (link) => ({
      async push({ operations, ...rest }: Push, call) {
        if (operations[1]) throw new StoreError("quota-exceeded", "Cannot take this: expected less");
        return link.push({ operations, ...rest }, call);
      },
    }),
    { local, server: memory({ now }), now },
  );
  await pull(side, { now });
  await store.set("conflict", utf8("mine"));
  await store.increment("number", 4);
  await server.set("conflict", large);
  local.room = (key) => (key === `${records}conflict` ? 1000 : Infinity);
  for (let count = 0; count < 5; count++) {
    // What is marked later has a mark of its own.
    time += 2000;
    await contact.push({ now }).catch(() => {});
  }
  assert.equal(await server.increment("number", 0), 4);
  assert.equal((await store.find("conflict"))?.length, 4);
  await store.close();
});
