import assert from "node:assert/strict";

// Those of the platform, also while a test has a clock of its own.
const { setTimeout } = globalThis;
const { now } = Date;

/** Resolves when a condition holds. Fails after a limit in ms that only a hang reaches, however busy the machine is. */
export async function until(condition: () => unknown, limit = 60_000): Promise<void> {
  for (const end = now() + limit; !(await condition());) {
    assert.ok(now() < end, `Expected within ${limit} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
