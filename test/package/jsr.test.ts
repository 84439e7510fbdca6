import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { promisify } from "node:util";
import { test } from "vitest";
import { root } from "../../scripts/run.mjs";
import { runtimes } from "../../scripts/runtimes.mjs";

const exec = promisify(execFile);
const readJson = (name: string): any => JSON.parse(readFileSync(root + name, "utf8"));
const jsr = readJson("jsr.json");
const npm = readJson("package.json");

test("jsr.json has the version, the licence and the entries of package.json", () => {
  assert.deepEqual([jsr.version, jsr.license], [npm.version, npm.license]);
  for (const [name, path] of Object.entries<string>(jsr.exports)) {
    assert.ok(existsSync(root + path), `${name} leads to ${path}`);
    const compiled = path.replace("./src/", "./dist/").replace(/\.ts$/, ".js");
    const pattern = Object.keys(npm.exports).find((each) => each === name || each === name.replace(/[^/]+$/, "*"))!;
    const target = (npm.exports[name] ?? npm.exports[pattern])?.default.replace("*", name.split("/").at(-1)!);
    assert.equal(target, compiled, name);
  }
  // JSR knows no patterns: each file is named.
  for (const folder of ["adapters", "backends", "over", "views"]) {
    for (const file of readdirSync(`${root}src/${folder}`).filter((each) => /^[^_].*\.ts$/.test(each))) {
      assert.ok(jsr.exports[`./${folder}/${file.replace(/\.ts$/, "")}`], `${folder}/${file} has no entry`);
    }
  }
});

test("JSR takes the sources as they are", async () => {
  const [deno] = runtimes.deno;
  // The parameters of a backend are merged into one interface, which JSR's fast types do not know.
  await exec(deno!, ["publish", "--dry-run", "--allow-dirty", "--allow-slow-types"], { cwd: root });
});
