import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, test } from "vitest";
import { runtimes } from "../../scripts/runtimes.mjs";

const exec = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "shelflife-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const script = fileURLToPath(new URL("accessChild.ts", import.meta.url));

for (const [name, [file, ...args]] of Object.entries(runtimes)) {
  test(`tokens, JWT and compression work with what the runtime has: ${name}`, async () => {
    const { stdout, stderr } = await exec(file!, [...args, script, join(folder, `${name}.jsonl`)]);
    assert.equal(stderr, "");
    assert.deepEqual(JSON.parse(stdout), {
      before: [{ prefix: "p/" }, "one", false],
      after: [false, true],
      claimed: [{ prefix: "j/" }, false],
      coding: "gzip",
    });
  });
}
