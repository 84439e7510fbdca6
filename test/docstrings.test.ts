// Runs each example of a docstring, and holds what it prints against what it says.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { readTree, root } from "./architecture/tree.ts";

const run = promisify(execFile);
const flags = process.features.typescript ? [] : ["--experimental-strip-types"];
const folder = await mkdtemp(join(tmpdir(), "shelflife-docstrings-"));
afterAll(() => rm(folder, { recursive: true }));

// The libraries that examples are about.
const peers = createRequire(`${root}test/peers/`);

const pattern = /^( *)\* @example (.+)\n\1\* ```ts\n([^]*?)^\1\* ```$/gm;
const examples = [...readTree("src")].flatMap(([path, source]) =>
  [...source.matchAll(pattern)].map(([, indent, title, lines], index) => ({
    name: `${path}: ${title}`,
    file: join(folder, `${path.replace(/\W/g, "-")}-${index}.ts`),
    code: lines!
      .replaceAll(new RegExp(`^${indent}\\* ?`, "gm"), "")
      // What the package's names lead to is not built yet.
      .replaceAll(/from "shelflife(?:\/([\w/]+))?"/g, (_, door = "index") => `from "${root}src/${door}.ts"`)
      .replaceAll(/from "(abstract-level)"/g, (_, name) => `from "${peers.resolve(name)}"`),
  })),
);
await writeFile(join(folder, "package.json"), '{"type":"module"}');
// Some are about another library.
await symlink(join(root, "node_modules"), join(folder, "node_modules"), "junction");
for (const { file, code } of examples) await writeFile(file, code);

test("every example has a title, and is a block of TypeScript", () => {
  const count = [...readTree("src").values()].join("").match(/^ *\* @example/gm)?.length;
  assert.equal(examples.length, count);
  assert.ok(examples.length > 3);
});

test.each(examples.map(({ name, ...rest }) => [name, rest] as const))("%s", async (_, { file, code }) => {
  const { stdout, stderr } = await run(process.execPath, [...flags, file]);
  // What follows a console.log in a comment, or stands in comments of its own at the end.
  const expected = [...code.matchAll(/^ *console\.log\(.*\); \/\/ (.*)$|^\/\/ (.*)$/gm)].map(
    ([, beside, below]) => beside ?? below,
  );
  assert.ok(expected.length, "it prints nothing");
  expect([stdout.trimEnd().split("\n"), stderr]).toEqual([expected, ""]);
});

test("the types of every example are right", async () => {
  const config = join(folder, "tsconfig.json");
  const compilerOptions = { noEmit: true, typeRoots: [join(root, "node_modules/@types")] };
  await writeFile(config, JSON.stringify({ extends: join(root, "tsconfig.json"), compilerOptions, include: ["*.ts"] }));
  const { stdout } = await run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", config]).catch(
    (error: { stdout: string }) => error,
  );
  assert.equal(stdout, "");
});
