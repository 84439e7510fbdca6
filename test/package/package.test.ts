import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { test } from "vitest";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { packageFolder } from "../../scripts/installPackage.mjs";
import { root } from "../../scripts/run.mjs";
import { runtimes } from "../../scripts/runtimes.mjs";

const exec = promisify(execFile);
const folder = `${packageFolder}node_modules/shelflife/`;
const readJson = (path: string): any => JSON.parse(readFileSync(path, "utf8"));
const manifest = readJson(`${folder}package.json`);
const list = (path: string): string[] =>
  readdirSync(folder + path, { recursive: true, encoding: "utf8" }).map((name) => name.replaceAll("\\", "/"));
const isModule = (name: string): boolean => name.endsWith(".js") && !name.includes(".min.") && !name.startsWith("cjs/");
const dist = list("dist").filter(isModule);
type Target = string | null | Record<"module-sync" | "require" | "default", string>;
/** What each name of the package leads to, when it is imported. */
const exported = Object.entries<Target>(manifest.exports).map(
  ([name, target]) => [name, typeof target === "object" && target ? target.default : target] as const,
);

/** The name that a module of dist is imported by, or `undefined` when the package seals it. */
function entry(name: string): string | undefined {
  const exact = exported.find(([, target]) => target === `./dist/${name}`);
  if (exact) return exact[0];
  for (const [pattern, target] of exported) {
    const [before, after] = (target ?? pattern.replace("./", "./dist/").concat(".js")).split("*");
    if (after === undefined || !`./dist/${name}`.startsWith(before!)) continue;
    return target === null ? undefined : pattern.replace("*", `./dist/${name}`.slice(before!.length, -after.length));
  }
  return undefined;
}
const entries = dist.map(entry).filter((name) => name !== undefined);
const specifier = (name: string): string => name.replace(/^\./, "shelflife");

test("publint finds nothing", async () => {
  const { messages } = await publint({ pkgDir: folder, level: "suggestion", pack: false, strict: true });
  assert.deepEqual(
    messages.map((message) => formatMessage(message, manifest)),
    [],
  );
});

test("are-the-types-wrong finds nothing, at any entry", async () => {
  const command = ["node_modules/@arethetypeswrong/cli/dist/index.js", `${packageFolder}shelflife.tgz`];
  const options = ["--format", "ascii", "--no-emoji", "--no-color", "--entrypoints", ...entries];
  // It exits with 1 for a problem, and its table is the message then.
  const { stdout } = await exec(process.execPath, [...command, ...options], { cwd: root });
  for (const name of entries) assert.ok(stdout.includes(`"${specifier(name)}"`), `${name} was not looked at`);
});

test("dist has each public module, with maps and declarations that lead to src", () => {
  const sources = list("src").filter((name) => name.endsWith(".ts"));
  const isShared = (name: string): boolean => name.startsWith("shared/");
  const publicSources = sources.filter((name) => entry(name.replace(/\.ts$/, ".js")) ?? name === "cli.ts");
  assert.deepEqual(
    dist.filter((name) => !isShared(name)).sort(),
    publicSources.map((name) => name.replace(/\.ts$/, ".js")).sort(),
  );
  for (const name of list("dist").filter((each) => each.endsWith(".map"))) {
    const map = readJson(`${folder}dist/${name}`);
    // What only passes on the names of another has no line of its own.
    const code = readFileSync(`${folder}dist/${name.slice(0, -".map".length)}`, "utf8");
    const isPassing = /^(?:(?:import|export \{[^}]*\} from) '[^']+';\s+)+\/\/# \S+\s*$/.test(code);
    assert.equal(map.sources.length > 0, !isPassing, name);
    for (const [index, source] of map.sources.entries()) {
      const isThere = existsSync(join(dirname(`${folder}dist/${name}`), source));
      assert.ok(isThere || map.sourcesContent?.[index], `${name} leads to ${source}, which is not in the package`);
    }
  }
  for (const name of dist) assert.ok(existsSync(`${folder}dist/${name}.map`), `${name} has no map`);
  // A public declaration may name one that is sealed.
  for (const name of sources) {
    for (const suffix of [".d.ts", ".d.ts.map"])
      assert.ok(existsSync(`${folder}dist/${name.replace(/\.ts$/, suffix)}`), `${name} has no ${suffix}`);
  }
});

/** The files that are loaded before a module of dist runs. */
function loadedFor(name: string, loaded = new Set<string>()): Set<string> {
  if (loaded.has(name)) return loaded;
  loaded.add(name);
  const text = readFileSync(`${folder}dist/${name}`, "utf8");
  for (const [, path] of text.matchAll(/^(?:import|export)\s(?:[^'"]*\sfrom\s)?['"](\.[^'"]+)['"]/gm))
    loadedFor(join(dirname(name), path!).replaceAll("\\", "/"), loaded);
  return loaded;
}

test("to import the package, or a backend of a page, loads two files, and the door of servers a few", () => {
  for (const name of ["index.js", "backends/memory.js", "backends/indexeddb.js", "http/remote.js"])
    assert.deepEqual([...loadedFor(name)], [name, "shared/portable.js"]);
  const server = [...loadedFor("server.js")];
  assert.ok(server.includes("backends/sqlite.js") && server.length <= 14, server.join(" "));
});

test("every export names a file, and every public file has an export", () => {
  for (const [name, target] of exported) {
    if (target !== null && !target.includes("*")) assert.ok(existsSync(folder + target), `${name} leads to ${target}`);
  }
  for (const field of ["main", "module", "types", "unpkg", "jsdelivr"])
    assert.ok(existsSync(folder + manifest[field]), field);
  // The command is run by its name, and not imported.
  const isPublic = (name: string): boolean =>
    `./dist/${name}` !== manifest.bin.shelflife &&
    /^(\w+|(backends|http|adapters|service|over|views)\/[^/]+)\.js$/.test(name);
  assert.deepEqual(
    dist.filter((name) => isPublic(name) !== (entry(name) !== undefined)),
    [],
  );
});

test("every entry can be imported by its name, and what is sealed cannot", async () => {
  const rooms = Object.keys(manifest.exports).filter((name) => manifest.exports[name] === null);
  const files = rooms.flatMap((room) =>
    list(room.replace("./", "src/").replace("/*", "")).map((file) => room.replace("*", file.replace(/\.ts$/, ""))),
  );
  const sealed = [...files, "./core/key", "./dist/index.js"].map(specifier);
  assert.ok(files.length > 20);
  const script = `
    const failed = [];
    for (const name of ${JSON.stringify(entries.map(specifier))}) {
      const module = await import(name).catch((error) => failed.push(name + ": " + error));
      if (typeof module === "object" && !Object.keys(module).length) failed.push(name + " exports nothing");
    }
    for (const name of ${JSON.stringify(sealed)}) {
      await import(name).then(() => failed.push(name + " is open"), (error) => {
        if (error.code !== "ERR_PACKAGE_PATH_NOT_EXPORTED") failed.push(name + ": " + error);
      });
    }
    process.stdout.write(JSON.stringify(failed));`;
  const { stdout } = await exec(process.execPath, ["--input-type=module", "-e", script], { cwd: packageFolder });
  assert.deepEqual(JSON.parse(stdout), []);
});

test("the command runs by the name that npm gives it", async () => {
  const path = `${folder}${manifest.bin.shelflife}`;
  assert.match(readFileSync(path, "utf8"), /^#!\/usr\/bin\/env node\n/);
  const bin = `${packageFolder}node_modules/.bin/`;
  mkdirSync(bin, { recursive: true });
  rmSync(`${bin}shelflife`, { force: true });
  // What npm does with a package's bin.
  symlinkSync(path, `${bin}shelflife`);
  chmodSync(path, 0o755);
  // A Node with SQLite, which the list names.
  const PATH = `${dirname(runtimes.node24[0]!)}${delimiter}${process.env.PATH}`;
  const shelflife = (...args: string[]): Promise<{ stdout: string; stderr: string }> =>
    exec(`${bin}shelflife`, args, { cwd: packageFolder, env: { ...process.env, PATH } });
  assert.deepEqual(await shelflife("--version"), { stdout: `${manifest.version}\n`, stderr: "" });
  assert.match((await shelflife("methods")).stdout, /^http\n[^]*^sqlite\n/m);
  writeFileSync(`${packageFolder}command.yaml`, "store: { backend: memory }\n");
  const checked = await shelflife("serve", "--config", "command.yaml", "--check");
  assert.equal(checked.stdout, "command.yaml is right: serves memory\n");
  await assert.rejects(shelflife("get"), (error: { code?: number }) => error.code === 2);
});

test("the bundles hold the same names as the door", async () => {
  const script = `
    const names = (module) => Object.keys(module).sort();
    const door = names(await import("shelflife"));
    const esm = names(await import("./node_modules/shelflife/dist/shelflife.min.js"));
    const module = { exports: {} };
    const umd = (await import("node:fs")).readFileSync("node_modules/shelflife/dist/shelflife.umd.min.js", "utf8");
    new Function("module", "exports", umd)(module, module.exports);
    const window = {};
    new Function("globalThis", "self", umd)(window, window);
    const all = { door, esm, commonjs: names(module.exports), global: names(window.Shelflife) };
    process.stdout.write(JSON.stringify(all));`;
  const { stdout } = await exec(process.execPath, ["--input-type=module", "-e", script], { cwd: packageFolder });
  const { door, esm, commonjs, global } = JSON.parse(stdout);
  assert.ok(door.length > 5);
  assert.deepEqual({ esm, commonjs, global }, { esm: door, commonjs: door, global: door });
});

test("the bundles' maps lead to the line of TypeScript", async () => {
  for (const name of ["shelflife.min.js", "shelflife.umd.min.js"]) {
    const script = `
      const module = await import("./node_modules/shelflife/dist/${name}");
      const { open } = module.open ? module : globalThis.Shelflife;
      await open({ backend: "none" }).catch((error) => process.stdout.write(error.stack));`;
    const flags = ["--enable-source-maps", "--input-type=module", "-e", script];
    const { stdout } = await exec(process.execPath, flags, { cwd: packageFolder });
    const [, path, line] = /([^( ]*src[/\\]core[/\\]\w+\.ts):(\d+):\d+/.exec(stdout) ?? assert.fail(stdout);
    assert.match(
      readFileSync(path!.replace("file://", ""), "utf8").split("\n")[Number(line) - 1]!,
      /StoreError|check\(/,
    );
  }
});

test("the package holds nothing but what a user needs, and depends on just what it imports", () => {
  const top = readdirSync(folder).sort();
  assert.deepEqual(
    top.filter((name) => !["CHANGELOG.md", "LICENSE", "README.md", "dist", "package.json", "src"].includes(name)),
    [],
  );
  assert.ok(top.includes("README.md") && top.includes("LICENSE"));
  const imports = dist.flatMap((name) => [
    ...readFileSync(`${folder}dist/${name}`, "utf8").matchAll(
      /^(?:import|export)\s+(?:[\w$*{},\s]+\sfrom\s+)?['"]([^.'"][^'"]*)['"];|\bimport\(['"]([^.'"][^'"]*)['"]\)/gm,
    ),
  ]);
  const packages = imports
    .map(([, fixed, late]) => (fixed ?? late)!)
    .filter((name) => !/:|^#/.test(name))
    .map((name) => /^(?:@[^/]+\/)?[^/]+/.exec(name)![0]);
  assert.deepEqual(Object.keys(manifest.dependencies ?? {}), [...new Set(packages)].sort());
});

// What the compiler of test files brings for style sheets, and the icons that VitePress brings, of which the site shows none: they
// run here, unchanged, and are part of nothing that is published.
const isTool = (line: string): boolean =>
  /^node_modules\/(lightningcss(-[\w-]+)?: MPL-2\.0|@iconify-json\/simple-icons: CC0-1\.0)$/.test(line);
const permissive = ["0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BlueOak-1.0.0", "ISC", "MIT"];

for (const path of ["", "bench/", "site/", "test/runtimes/", "test/package/consumers/"]) {
  test(`everything that ${path || "the root"} installs has a permissive licence and no address of its own`, () => {
    const text = readFileSync(`${root}${path}package-lock.json`, "utf8");
    assert.ok(!text.includes('"resolved"'), "the lock names a registry");
    const packages = Object.entries<any>(JSON.parse(text).packages).filter(([name]) => name !== "");
    assert.ok(packages.length > 0);
    const isFine = (licence: string | undefined): boolean =>
      (licence ?? "")
        .replace(/[()]/g, "")
        .split(" OR ")
        .some((one) => one.split(" AND ").every((each) => permissive.includes(each)));
    const others = packages
      .map(([name, { license }]) => `${name}: ${license}`)
      .filter((line) => !isFine(line.split(": ")[1]) && !isTool(line));
    assert.deepEqual(others, []);
  });
}
