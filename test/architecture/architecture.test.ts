import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { rulesOf } from "./rules.ts";
import { readTree, root, type Tree } from "./tree.ts";

const run = promisify(execFile);
const readJson = async (path: string): Promise<any> => JSON.parse(await readFile(root + path, "utf8"));
const { dependencies } = await readJson("package.json");
const rules = rulesOf(Object.keys(dependencies));
const tree = readTree("src", "test", "e2e", "bench", "examples", "scripts");

for (const { name, broken } of rules) {
  test(name, () => {
    assert.ok(tree.size > 300);
    assert.deepEqual(broken(tree), []);
  });
}

// Each rule beside a tree that breaks it and one that comes close, by what it finds.
const file = (...imports: readonly string[]): string => imports.map((name) => `import "${name}";\n`).join("");
const seen: Record<string, { broken: Record<string, string>; found: string[] }> = {
  "src stands in its rooms and doors": {
    broken: { "src/index.ts": "", "src/core/key.ts": "", "src/other.ts": "", "src/stuff/a.ts": "" },
    found: ["src/other.ts", "src/stuff/a.ts"],
  },
  "every relative import names a file that exists": {
    broken: { "src/index.ts": file("./core/key.ts", "./core/gone.ts"), "src/core/key.ts": "" },
    found: ["src/index.ts -> src/core/gone.ts"],
  },
  "a room imports what stands below it, and nothing imports a door": {
    broken: {
      "src/core/key.ts": file("../views/json.ts"),
      "src/views/json.ts": file("../core/key.ts", "../index.ts"),
      "src/service/log.ts": file("../http/wire/problem.ts", "../http/handler.ts"),
      "src/index.ts": file("./views/json.ts", "./http/handler.ts"),
      "src/http/handler.ts": "",
      "src/http/wire/problem.ts": "",
      "src/adapters/unstorage.ts": `${file("../index.ts")}export const load = () => import("../server.ts");\n`,
      "src/adapters/other.ts": 'export const load = () => import("../server.ts");\n',
      "src/server.ts": "",
    },
    found: [
      "src/core/key.ts -> src/views/json.ts",
      "src/views/json.ts -> src/index.ts",
      "src/service/log.ts -> src/http/handler.ts",
      "src/adapters/unstorage.ts -> src/index.ts",
      "src/adapters/other.ts -> src/server.ts",
    ],
  },
  "backends and adapters do not import one another": {
    broken: {
      "src/backends/a.ts": file("./a/queue.ts", "./b.ts"),
      "src/backends/a/queue.ts": file("../b/queue.ts", "./more.ts"),
      "src/backends/a/more.ts": "",
      "src/backends/b.ts": "",
      "src/backends/b/queue.ts": "",
      "src/adapters/c.ts": file("./peer/keys.ts", "./d.ts"),
      "src/adapters/d.ts": "",
      "src/adapters/peer/keys.ts": file("../d.ts"),
    },
    found: [
      "src/backends/a.ts -> src/backends/b.ts",
      "src/backends/a/queue.ts -> src/backends/b/queue.ts",
      "src/adapters/c.ts -> src/adapters/d.ts",
      "src/adapters/peer/keys.ts -> src/adapters/d.ts",
    ],
  },
  "no circle of imports, types included": {
    broken: {
      "src/core/a.ts": 'import type { B } from "./b.ts";\n',
      "src/core/b.ts": 'export const load = () => import("./c.ts");\n',
      "src/core/c.ts": 'export type A = typeof import("./a.ts");\n',
      "test/d.ts": file("../src/core/a.ts"),
    },
    found: ["src/core/a.ts - src/core/b.ts - src/core/c.ts"],
  },
  "a folder beside a file of its name is that file's alone": {
    broken: {
      "src/backends/a.ts": file("./a/queue.ts"),
      "src/backends/a/queue.ts": file("./queue/lane.ts", "./queue/more.ts"),
      "src/backends/a/queue/lane.ts": file("./more.ts"),
      "src/backends/a/queue/more.ts": "",
      "src/backends/a/other.ts": file("./queue/lane.ts"),
      "src/http/wire.ts": file("./wire/frame.ts"),
      "src/http/wire/frame.ts": "",
      "src/http/handler.ts": file("./wire/frame.ts"),
      "src/cli/run.ts": file("../backends/a/queue.ts"),
    },
    found: ["src/backends/a/other.ts -> src/backends/a/queue/lane.ts", "src/cli/run.ts -> src/backends/a/queue.ts"],
  },
  "only the listed packages are imported, when they are needed; node: only by what is for servers": {
    broken: {
      "src/core/a.ts": 'import "left-pad";\nimport type { Schema } from "@standard-schema/spec";\n',
      "src/backends/sqlite.ts": 'import type { A } from "node:sqlite";\nconst late = () => import("node:sqlite");\n',
      "src/backends/valkey.ts": file("node:buffer", "ioredis"),
      "src/views/json.ts": 'const late = () => import("node:buffer");\n',
      "src/service/jwt.ts": 'const late = () => import("jose");\n',
    },
    found: [
      "src/core/a.ts -> left-pad",
      "src/backends/valkey.ts -> node:buffer",
      "src/backends/valkey.ts -> ioredis",
      "src/views/json.ts -> node:buffer",
    ],
  },
  "the core is pure: it names no platform": {
    broken: {
      "src/core/a.ts": "// localStorage.clear()\nnavigator.locks;\n",
      "src/core/b.ts": "/** fetch(url) */\nDeno.unrefTimer(1);\n",
      "src/backends/c.ts": "localStorage.clear();\n",
    },
    found: ["src/core/a.ts"],
  },
  "a file is named after what it is, and its room says who may use it": {
    broken: {
      "src/core/utils.ts": "",
      "src/core/_a.ts": "",
      "src/http/index.ts": "",
      "src/index.ts": "",
      "src/core/key.ts": "",
    },
    found: ["src/core/utils.ts", "src/core/_a.ts", "src/http/index.ts"],
  },
  "src writes nothing on the console and leaves no marker": {
    broken: { "src/core/a.ts": "console.log(1);\n", "src/core/b.ts": "// TODO\n", "src/core/c.ts": "// console.log\n" },
    found: ["src/core/a.ts", "src/core/b.ts"],
  },
  "a folder of tests is named as the one of src that it tests": {
    broken: {
      "src/core/key.ts": "",
      "src/http/server/reply.ts": "",
      "test/core/key.test.ts": "",
      "test/core/key/long.test.ts": "",
      "test/http/server/reply.test.ts": "",
      "test/processes/kill.test.ts": "",
      "test/other/key.test.ts": "",
    },
    found: ["test/other/key.test.ts"],
  },
};

test.each(rules.map(({ name, broken }) => [name, broken] as const))("the rule is seen to fail: %s", (name, broken) => {
  const { broken: sources, found } = seen[name]!;
  assert.deepEqual(broken(new Map(Object.entries(sources)) as Tree), found);
});

test("files have at most 300 lines and functions 120, but for a handful up to 160, each with its reason", async () => {
  const folder = await mkdtemp(join(tmpdir(), "shelflife-lengths-"));
  try {
    const call = "  called();\n";
    await writeFile(join(folder, "function.ts"), `export function long(): void {\n${call.repeat(119)}}\n`);
    await writeFile(join(folder, "closure.ts"), `export const long = (): void => {\n${call.repeat(118)}};\n`);
    await writeFile(join(folder, "file.ts"), "called();\n".repeat(301));
    const config = join(root, ".oxlintrc.json");
    const lint = run(process.execPath, [
      `${root}node_modules/oxlint/bin/oxlint`,
      "-c",
      config,
      "--format=unix",
      folder,
    ]);
    const { stdout } = await lint.catch((error: { stdout: string }) => error);
    const found = [...stdout.matchAll(/([a-z]+)\.ts:.*eslint\(([a-z-]+)\)/g)].map(
      ([, name, rule]) => `${name} ${rule}`,
    );
    expect(found.filter((line) => line.includes("max-lines")).sort()).toEqual([
      "file max-lines",
      "function max-lines-per-function",
    ]);
  } finally {
    await rm(folder, { recursive: true });
  }
  const text = await readFile(`${root}.oxlintrc.json`, "utf8");
  const { rules, overrides } = JSON.parse(text.replace(/^\s*\/\/.*$/gm, ""));
  assert.deepEqual(rules["max-lines"], ["error", { max: 300 }]);
  assert.deepEqual(rules["max-lines-per-function"], ["error", { max: 120 }]);
  const exceptions = overrides.filter((each: any) => each.rules["max-lines-per-function"]);
  for (const { rules: limits } of exceptions)
    assert.deepEqual(limits, { "max-lines-per-function": ["error", { max: 160 }] });
  assert.ok(exceptions.flatMap(({ files }: any) => files).length <= 5);
  // A reason stands in the line above each exception.
  const reasons = text.match(/^\s*\/\/ .{20,}\n\s*\{\s*"files"[^}]*"max-lines-per-function"/gm) ?? [];
  assert.equal(reasons.length, exceptions.length);
  // Nor is a length excused where it stands.
  const excused = [...tree].filter(([, source]) => /(ox|es)lint-disable[^\n]*max-lines/.test(source));
  assert.deepEqual(
    excused.map(([path]) => path),
    ["test/architecture/architecture.test.ts"].slice(1),
  );
});

test("importing any of it touches nothing of the platform", async () => {
  const flags = process.features.typescript ? [] : ["--experimental-strip-types"];
  const { stdout } = await run(process.execPath, [...flags, `${root}test/architecture/importAll.ts`]);
  const { files, touched } = JSON.parse(stdout);
  assert.ok(files > 100);
  assert.deepEqual(touched, []);
});
