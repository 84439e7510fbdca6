import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "vitest";
import { createBackends } from "../../../src/cli/store.ts";
import { expectMarked, read } from "../../support/configs.ts";
import { backends, folder } from "../../support/world.ts";

test("a backend comes from a file or a package, by its name and factory", async () => {
  const module = (name: string): string => `
    export const name = "${name}";
    export const factory = {
      valid(given) {
        if (typeof given?.size !== "number") throw new Error("size it");
        return given;
      },
      build() {},
    };`;
  const packages = join(folder, "node_modules");
  for (const name of ["plain", "@scope/both"]) mkdirSync(join(packages, name, "lib"), { recursive: true });
  writeFileSync(join(folder, "file.mjs"), module("file"));
  writeFileSync(join(folder, "empty.mjs"), "export const other = 1;");
  writeFileSync(join(folder, "throws.mjs"), "throw new Error('at once\\nand more')");
  writeFileSync(join(packages, "plain/package.json"), '{"type":"module","main":"lib/main.js"}');
  writeFileSync(join(packages, "plain/lib/main.js"), module("plain"));
  const exports = { ".": { types: "./x.d.ts", require: "./x.cjs", import: { default: "./lib/a.mjs" } }, "./b": ["./lib/b.mjs"] }; // prettier-ignore
  writeFileSync(join(packages, "@scope/both/package.json"), JSON.stringify({ exports }));
  writeFileSync(join(packages, "@scope/both/lib/a.mjs"), module("both a"));
  writeFileSync(join(packages, "@scope/both/lib/b.mjs"), module("both b"));

  const registry = createBackends({ backends });
  const named = '["./file.mjs", plain, "@scope/both", "@scope/both/b"]';
  await read(`backends: ${named}\nstore: { backend: file, parameters: { size: 1 } }\n`, { registry });
  for (const name of ["file", "plain", "both a", "both b"]) assert.ok(registry.methods().includes(name), name);

  await expectMarked(
    `backends: [^./none.mjs, ^./empty.mjs, ^./throws.mjs, ^no-such-package, ^"@scope/both/c", ./file.mjs]
store: { backend: file, parameters: ^{} }
requests: { backend: ^flie }
`,
    [
      /^Cannot load backend "\.\/none\.mjs": (?!.*imported from)/,
      /^Cannot load backend ".\/empty.mjs": expected a module that exports name and factory .*, got "other"$/,
      /^Cannot load backend "\.\/throws\.mjs": at once$/,
      /^Cannot load backend "no-such-package": /,
      /^Cannot load backend "@scope\/both\/c": expected a package that exports "\.\/c"$/,
      /^expected parameters that can be checked, got size it$/,
      /^expected one of .*, file, .*, got "flie" \(did you mean "file"\?\)$/,
    ],
  );
});
