import assert from "node:assert/strict";
import { onTestFinished, test, vi } from "vitest";
import type { HandlerOptions } from "../../../src/http/handler.ts";
import type { Polled } from "../../../src/http/wire.ts";
import { bytes, pair } from "../../support/pair.ts";

test("a store without a log is watched for as long as is asked for after the last reader, and so many changes are kept", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  /** Whether a client that was away for so long gets what has changed, or has to compare. */
  async function isKnown(options: HandlerOptions, away: number, changes = 1): Promise<boolean> {
    const { ask, store } = pair({ handler: options });
    const poll = async (after = ""): Promise<Polled> => {
      const asked = ask("GET", `changes${after && `?after=${after}`}`, { headers: { accept: "application/json" } });
      await vi.advanceTimersByTimeAsync(0);
      return (await (await asked).json()) as Polled;
    };
    const { last } = await poll();
    await store.setMany(Array.from({ length: changes }, (_, index) => [`${index}`, bytes("x")] as const));
    await vi.advanceTimersByTimeAsync(away);
    return !(await poll(last)).resync;
  }
  const hour = 3_600_000;
  assert.equal(await isKnown({}, 59_000), true);
  assert.equal(await isKnown({}, 61_000), false);
  assert.equal(await isKnown({ history: { maxAge: hour } }, hour - 1000), true);
  assert.equal(await isKnown({ history: { maxAge: hour } }, hour + 1000), false);
  assert.equal(await isKnown({ history: { maxAge: Infinity } }, 500 * hour), true);
  assert.equal(await isKnown({ history: true, resumeWithin: hour }, 167 * hour), true);
  assert.equal(await isKnown({ history: { maxAge: 1000 }, resumeWithin: hour }, 60_000), true);
  assert.equal(await isKnown({ history: { maxChanges: 100 } }, 0, 100), true);
  assert.equal(await isKnown({ history: { maxChanges: 100 } }, 0, 250), false);
});
