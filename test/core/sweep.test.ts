import assert from "node:assert/strict";
import { onTestFinished, test, vi } from "vitest";
import { memory } from "../../src/backends/memory.ts";
import { showChange } from "../support/showChange.ts";

const value = new Uint8Array(1);

/** Opens a store with one entry that has expired, and says what is swept unasked. */
async function expired(sweepInterval: number): Promise<{ swept: string[]; close(): Promise<void> }> {
  let time = 0;
  const store = memory({ now: () => time, sweepInterval });
  const swept: string[] = [];
  const watch = store.watch();
  const reading = (async () => {
    for await (const change of watch) swept.push(showChange(change));
  })();
  await store.set("key", value, { ttl: 1 });
  time = 1;
  const close = async (): Promise<void> => {
    await store.close();
    await reading;
  };
  return { swept, close };
}

test("what has expired is swept soon after opening, and then each interval", async () => {
  onTestFinished(() => void vi.useRealTimers());
  vi.useFakeTimers({ toFake: ["setTimeout"] });
  const { swept, close } = await expired(300_000);
  vi.advanceTimersByTime(9_999);
  await Promise.resolve();
  assert.deepEqual(swept, ["set key"]);
  vi.advanceTimersByTime(1);
  await close();
  assert.deepEqual(swept, ["set key", "expire key"]);
});

test("with an infinite interval nothing is swept unasked", async () => {
  onTestFinished(() => void vi.useRealTimers());
  vi.useFakeTimers({ toFake: ["setTimeout"] });
  const { swept, close } = await expired(Infinity);
  vi.advanceTimersByTime(10 * 3_600_000);
  await close();
  assert.deepEqual(swept, ["set key"]);
});
