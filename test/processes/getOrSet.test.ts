import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, test } from "vitest";
import { runtimes } from "../../scripts/runtimes.mjs";
import { startChild } from "../support/childProcess.ts";

const folder = mkdtempSync(join(tmpdir(), "shelflife-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("two processes, each with many callers of a key, have one load with a lease", async () => {
  const children = [runtimes.node24, runtimes.node22].map((runtime) => startChild(runtime, "getOrSetChild.ts"));
  try {
    for (const child of children) await child.call("open", join(folder, "leased.db"));
    const asked = await Promise.all(children.map((child, index) => child.call("ask", "key", 500, `of ${index}`)));
    const [one, other] = asked as [values: string[], loads: number][];
    assert.deepEqual(one![0], other![0]);
    assert.deepEqual([one![0].length, one![1] + other![1]], [1, 1]);
    for (const child of children) await child.call("close");
    assert.deepEqual(await Promise.all(children.map((child) => child.end())), ["", ""]);
  } finally {
    for (const child of children) await child.kill();
  }
});
