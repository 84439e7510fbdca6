import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, test } from "vitest";
import { runtimes } from "../../scripts/runtimes.mjs";
import { startChild, type Child } from "../support/childProcess.ts";

const folder = mkdtempSync(join(tmpdir(), "shelflife-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const start = (): Child => startChild(runtimes.node24, "adaptersChild.ts");

test("two processes on one SQLite file count a rate limit exactly, in one window, and a session survives a restart", async () => {
  const path = join(folder, "app.db");
  const children = [start(), start()];
  try {
    await Promise.all(children.map((child) => child.call("open", path)));
    await children[0]!.call("login", "a1");
    const counted = await Promise.all(children.map((child) => child.call("hit", 200)));
    const hits = counted.flat() as [number, number][];
    assert.deepEqual(
      hits.map(([total]) => total).sort((a, b) => a - b),
      Array.from({ length: 400 }, (_, index) => index + 1),
    );
    assert.equal(new Set(hits.map(([, end]) => end)).size, 1);
    assert.equal(await children[1]!.call("user", "a1"), "ada");
    for (const child of children) await child.kill();
    children.push(start());
    await children[2]!.call("open", path);
    assert.equal(await children[2]!.call("user", "a1"), "ada");
    assert.deepEqual(((await children[2]!.call("hit", 1)) as [number, number][])[0]![0], 401);
  } finally {
    for (const child of children) await child.kill();
  }
});
