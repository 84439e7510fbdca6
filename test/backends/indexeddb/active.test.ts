import assert from "node:assert/strict";
import { test } from "vitest";
import { answered, isActive, over, type Activity } from "../../../src/backends/indexeddb/active.ts";

/** A transaction that says why it refuses what is no key, and how often it was asked. */
function transaction(): Activity & { asked: number; isDone: boolean } {
  const activity = {
    asked: 0,
    isDone: false,
    turns: 0,
    entries: {
      get() {
        activity.asked++;
        throw new DOMException("refused", activity.isDone ? "TransactionInactiveError" : "DataError");
      },
    } as unknown as IDBObjectStore,
  };
  return activity;
}

const task = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("what is active is asked once while microtasks follow one another, and again after a task", async () => {
  const activity = transaction();
  for (let call = 0; call < 100; call++) {
    assert.equal(isActive(activity), true);
    for (let turn = 0; turn < 10; turn++) await undefined;
  }
  assert.equal(activity.asked, 1);
  await task();
  assert.equal(isActive(activity), true);
  assert.equal(activity.asked, 2);
  activity.isDone = true;
  await task();
  assert.equal(isActive(activity), false);
  assert.equal(activity.asked, 3);
});

test("what was just answered is not asked for, and after that only if long nothing came of it", async () => {
  const activity = transaction();
  answered(activity);
  assert.equal(isActive(activity), true);
  assert.equal(activity.asked, 0);
  for (let turn = 0; turn < 100; turn++) await undefined;
  assert.equal(isActive(activity), true);
  assert.equal(activity.asked, 1);
});

test("what is over stays so, whatever it answers still", async () => {
  for (const isKnown of [false, true]) {
    const activity = transaction();
    if (isKnown) answered(activity);
    over(activity);
    answered(activity);
    assert.equal(isActive(activity), false);
    await task();
    assert.equal(isActive(activity), false);
  }
});
