// A program that waits for a flush or a sync is still there when that is over, although nothing else keeps its process alive.
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { root } from "../architecture/tree.ts";

const run = promisify(execFile);
const flags = process.features.typescript ? [] : ["--experimental-strip-types"];

const programOf = (call: string) => `
import { memory } from "${root}src/index.ts";
import { offline } from "${root}src/offline.ts";

const store = offline(memory(), memory());
await store.set("note", Uint8Array.of(1));
await store.${call}();
console.log(store.status().pending);
await store.close();
`;

test.each(["flush", "sync"])("a process that waits for a %s ends when that is over, and not before", async (call) => {
  const folder = await mkdtemp(join(tmpdir(), "shelflife-flush-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "package.json"), '{"type":"module"}');
  await writeFile(join(folder, "flush.ts"), programOf(call));
  const { stdout } = await run(process.execPath, [...flags, join(folder, "flush.ts")]);
  expect(stdout).toBe("0\n");
});
