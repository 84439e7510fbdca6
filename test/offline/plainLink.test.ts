import assert from "node:assert/strict";
import { test } from "vitest";
import { StoreError } from "../../src/core/error.ts";
import { memory } from "../../src/index.ts";
import { readConflicts } from "../../src/offline/kept.ts";
import { push } from "../../src/offline/push.ts";
import { offline } from "../../src/offline.ts";
import { text, utf8 } from "../support/bytes.ts";
import { kept } from "../support/offlinePair.ts";
import { offlineRoom } from "../support/offlineRoom.ts";

const call = { now: Date.now };

test("an addition of which nobody knows whether it was done is not done again, and is kept as a difference", async () => {
  const backing = memory();
  let isLost = true;
  const server = {
    ...backing,
    async increment(...given: Parameters<typeof backing.increment>) {
      const sum = await backing.increment(...given);
      if (isLost) throw new StoreError("unavailable", "Answer is lost");
      return sum;
    },
  };
  const { store, side, local } = offlineRoom(undefined, { server });
  await store.increment("n", 5);
  while ((await push(side, call)) === "done");
  isLost = false;
  await store.increment("n", 2);
  while ((await push(side, call)) !== "idle");
  assert.equal(text(await backing.find("n")), "7");
  assert.equal(text(await store.find("n")), "7");
  const [conflict, ...more] = await readConflicts(local);
  assert.deepEqual([conflict!.kind, text(conflict!.mine), conflict!.difference, more], ["uncertain", "5", true, []]);
  await store.close();
});

test("what is written after a restart is brought there, as is what several contexts write", async (context) => {
  const [local, server] = [memory(), memory()];
  const open = () => {
    const store = offline(kept(local), kept(server));
    context.onTestFinished(() => store.close());
    return store;
  };
  const first = open();
  await first.set("first", utf8("1"));
  await first.flush();
  await first.close();
  const both = [open(), open()];
  for (const [index, store] of [...both, ...both].entries()) {
    await store.set("key", utf8(`${index}`));
    await store.increment("n");
    await store.flush();
    assert.equal(text(await server.find("key")), `${index}`);
    assert.equal(text(await server.find("n")), `${index + 1}`);
    assert.deepEqual(await store.conflicts(), []);
  }
});

test("an addition that a store out of reach was not asked for is done when it is back", async () => {
  const backing = memory();
  let isDown = true;
  const down = (): Promise<never> => Promise.reject(new StoreError("unavailable", "Down"));
  const server = {
    ...backing,
    has: (...given: Parameters<typeof backing.has>) => (isDown ? down() : backing.has(...given)),
    increment: (...given: Parameters<typeof backing.increment>) => (isDown ? down() : backing.increment(...given)),
  };
  const { store, side, local } = offlineRoom(undefined, { server });
  await store.increment("n", 5);
  assert.equal(await push(side, call), "later");
  isDown = false;
  while ((await push(side, call)) !== "idle");
  assert.equal(text(await backing.find("n")), "5");
  assert.deepEqual(await readConflicts(local), []);
  await store.close();
});
