import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, vi } from "vitest";
import { within } from "../../src/cli/within.ts";
import { StoreError } from "../../src/core/error.ts";
import { command, folder, type Outcome } from "../support/world.ts";

const late = (time: string): StoreError => new StoreError("unavailable", `not ${time}`);

test("what comes in time comes as it is, and what does not is refused at its limit", async (t) => {
  vi.useFakeTimers();
  t.onTestFinished(() => void vi.useRealTimers());
  assert.equal(await within(Promise.resolve(7), 5000, late), 7);
  await assert.rejects(within(Promise.reject(new Error("own")), 5000, late), /^Error: own$/);
  assert.equal(vi.getTimerCount(), 0);
  const waiting = assert.rejects(within(new Promise(() => {}), 5000, late), /^StoreError: not within 5 s$/);
  vi.advanceTimersByTime(4999);
  assert.equal(vi.getTimerCount(), 1);
  vi.advanceTimersByTime(1);
  await waiting;
});

/** Runs a command on a store whose `never()` never answers, and lets time pass when it waits for that. */
async function hang(name: string, build: string, args: readonly string[]): Promise<Outcome> {
  const waits = { isReached: false };
  vi.stubGlobal("neverAnswers", () => {
    waits.isReached = true;
    return new Promise(() => {});
  });
  writeFileSync(
    join(folder, `${name}.mjs`),
    `export const name = "hung";
     const never = () => globalThis.neverAnswers();
     export const factory = { valid: (given) => given, build: ${build} };`,
  );
  writeFileSync(join(folder, `${name}.yaml`), `backends: [./${name}.mjs]\nstore: { backend: hung, parameters: {} }\n`);
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    const ended = command([...args, "--config", `${name}.yaml`]);
    while (!waits.isReached) await new Promise((resolve) => setImmediate(resolve));
    await vi.advanceTimersByTimeAsync(30_000);
    return await ended;
  } finally {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  }
}

test("a store that does not open, answer or close in time is reported", async () => {
  const open = await hang("opening", "never", ["get", "a"]);
  assert.deepEqual([open.code, open.err], [3, 'Cannot open store "hung": expected it to open within 30 s\n']);
  const close = await hang("closing", "() => ({ take: async () => new Uint8Array(1), close: never })", ["take", "a"]);
  assert.deepEqual([close.code, close.err], [3, "Cannot close the store: expected it to close within 30 s\n"]);
  const ready = await hang("ready", "() => ({ has: never, close: async () => {} })", ["serve"]);
  assert.deepEqual([ready.code, ready.err], [3, 'Cannot use store "hung": expected an answer within 30 s\n']);
});
