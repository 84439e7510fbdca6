// Runs each example of a docstring, holds what it prints against what it says, and asks every public name for what it has to say.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readTree, root } from "./architecture/tree.ts";
import { listPublicExports } from "./support/publicExports.ts";

const run = promisify(execFile);
// The libraries that examples are about.
const peers = createRequire(`${root}test/peers/`);
const flags = process.features.typescript ? [] : ["--experimental-strip-types"];
const folder = await mkdtemp(join(tmpdir(), "shelflife-docstrings-"));
afterAll(() => rm(folder, { recursive: true }));

const pattern = /^( *)\* @example (.+)\n\1\* ```ts\n([^]*?)^\1\* ```$/gm;
const examples = [...readTree("src")].flatMap(([path, source]) =>
  [...source.matchAll(pattern)].map(([, indent, title, lines], index) => ({
    name: `${path}: ${title}`,
    file: join(folder, `${path.replace(/\W/g, "-")}-${index}.ts`),
    // What a page has, and Node has not.
    isForPage: /^src\/(backends\/(indexeddb(\/upgradeStore)?|localstorage)|adapters\/(idb|localforage))\.ts$/.test(
      path,
    ),
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

/** What an example says that it prints: what follows a console.log in a comment, or stands in comments of its own at the end. */
const statedBy = (code: string): string[] =>
  [...code.matchAll(/^ *console\.log\(.*\); \/\/ (.*)$|^\/\/ (.*)$/gm)].map(([, beside, below]) => (beside ?? below)!);

/** Imports one example after the other, in one process, and prints what each has printed or thrown. It has to end by itself. */
const runner = `
import { format } from "node:util";
const results = {};
for (const [file, count] of JSON.parse(process.argv[2])) {
  const printed = (results[file] = []);
  console.log = (...words) => printed.push(...format(...words).split("\\n"));
  await import(file).catch((error) => printed.push(error.stack));
  // Some print when something has changed.
  for (let turns = 0; printed.length < count && turns < 1000; turns++) await new Promise((done) => setTimeout(done, 5));
}
process.stdout.write(JSON.stringify(results));
`;

test("every example has a title, and is a block of TypeScript", () => {
  const count = [...readTree("src").values()].join("").match(/^ *\* @example/gm)?.length;
  assert.equal(examples.length, count);
  assert.ok(examples.length > 100);
});

describe.each([
  ["Node", false],
  ["a page", true],
])("in %s", (_, isForPage) => {
  const some = examples.filter((example) => example.isForPage === isForPage);
  let printed: Record<string, string[]> = {};
  beforeAll(async () => {
    const file = join(folder, "run.mjs");
    await writeFile(file, runner);
    const page = isForPage ? ["--import", join(root, "e2e/support/pageInNode.mjs")] : [];
    const asked = some.map(({ file, code }) => [file, statedBy(code).length]);
    const words = [...flags, "--disable-warning=ExperimentalWarning", ...page, file];
    const { stdout, stderr } = await run(process.execPath, [...words, JSON.stringify(asked)]);
    expect(stderr).toBe("");
    printed = JSON.parse(stdout) as typeof printed;
  });

  test.each(some.map(({ name, ...rest }) => [name, rest] as const))("%s", (_, { file, code }) => {
    const expected = statedBy(code);
    assert.ok(expected.length, "it prints nothing");
    expect(printed[file]).toEqual(expected);
  });
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

describe("every public name", () => {
  const names = listPublicExports();

  test("is found, of every door", () => {
    const known = names.map(({ name }) => name);
    for (const name of ["Store", "StoreError", "open", "getOrSet", "offline", "sqlite", "handler", "cases", "tokens"])
      assert.ok(known.includes(name), name);
    assert.ok(names.length > 200);
  });

  test("says what it is in a sentence", () => {
    const without = names.filter(
      ({ docstring }) => !/^(@deprecated )?[A-Z`][^]*?[.:]/.test(docstring.split(/^@e/m)[0]!),
    );
    assert.deepEqual(without.map(({ file, name }) => `${file}: ${name}`), []); // prettier-ignore
  });

  test("shows how it is used, unless it is a type", () => {
    const without = names.filter(({ isType, docstring }) => !isType && !/^@example /m.test(docstring));
    assert.deepEqual(without.map(({ file, name }) => `${file}: ${name}`), []); // prettier-ignore
  });
});
