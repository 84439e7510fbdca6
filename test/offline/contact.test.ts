import assert from "node:assert/strict";
import { afterEach, test, vi } from "vitest";
import { offlineRoom } from "../support/offlineRoom.ts";

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

test("however often it did not work, it is tried again within 10 s, and not all the time", async () => {
  const { contact, store } = offlineRoom();
  vi.useFakeTimers();
  for (const [random, failures, from, to] of [
    [0.9999, 1000, 1000, 10_000],
    [0, 1000, 1000, 10_000],
    [0.9999, 1, 100, 1000],
  ] as const) {
    vi.spyOn(Math, "random").mockReturnValue(random);
    contact.failures = failures;
    let isOver = false;
    void contact.rest(undefined, undefined).then(() => (isOver = true));
    await vi.advanceTimersByTimeAsync(from - 1);
    assert.equal(isOver, false);
    await vi.advanceTimersByTimeAsync(to - from);
    assert.equal(isOver, true);
  }
  vi.useRealTimers();
  await store.close();
});
