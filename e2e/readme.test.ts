// Runs every block of README.md and of the pages in docs that says what it is in, and holds the table of runtimes against what there is.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { chmod, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { transform } from "esbuild";
import { test, type TestContext } from "vitest";
import { pin } from "../scripts/integrity.mjs";
import { root } from "../scripts/run.mjs";
import { packageFolder } from "../scripts/installPackage.mjs";
import { runtimes } from "../scripts/runtimes.mjs";
import { steps } from "../scripts/steps.mjs";
import { pagesIn } from "../test/docs/pages.ts";
import { besidePackage, serveInstalled, start } from "./support/installed.ts";
import { sharedBrowser } from "./support/shared.ts";

const manifest = JSON.parse(await readFile(`${root}package.json`, "utf8"));
const names = ["README.md", "site/index.md", ...pagesIn("docs")];
const pages = await Promise.all(names.map(async (name) => ({ name, page: await readFile(`${root}${name}`, "utf8") })));
const blocks = pages.flatMap(({ name, page }) =>
  [...page.matchAll(/^```([^\n]*)\n([^]*?)^```$/gm)].map(([, language, code], index) => ({
    name: `${name === "README.md" ? "" : `${name}, `}block ${index + 1}: ${code!.split("\n", 1)}`,
    file: `${name.slice(0, -3).replaceAll("/", "-")}-${index + 1}.ts`,
    language: language!,
    code: code!,
  })),
);
const programs = blocks.filter(({ language }) => /^ts\b/.test(language));

const folder = await besidePackage("readme", async (folder) => {
  await mkdir(folder, { recursive: true });
});

// The command by its name, as npm would put it there.
const bin = join(folder, "bin");
await mkdir(bin, { recursive: true });
const words = [...runtimes.node24, `${packageFolder}node_modules/${manifest.name}/${manifest.bin.shelflife}`];
await writeFile(join(bin, "shelflife"), `#!/bin/sh\nexec ${words.map((word) => `'${word}'`).join(" ")} "$@"\n`);
await chmod(join(bin, "shelflife"), 0o755);
const env = { PATH: `${bin}:${process.env.PATH}` };

// The libraries that pages of docs use, which stand apart.
const peers = ["@langchain/core", "@msgpack/msgpack", "cborg", "devalue", "dexie", "idb-keyval", "keyv", "react", "react-dom", "react-router", "unstorage", "zustand"]; // prettier-ignore
for (const scope of ["@langchain", "@msgpack"]) await mkdir(join(folder, "node_modules", scope), { recursive: true });
for (const name of peers) await symlink(`${root}test/peers/node_modules/${name}`, join(folder, "node_modules", name));
await writeFile(join(folder, "page.mjs"), await readFile(`${root}e2e/support/pageInNode.mjs`, "utf8"));

for (const { file, code } of programs) await writeFile(join(folder, file), code);

/** Runs a block, and holds what it prints against what its comments state. */
const runBlock =
  (command: readonly string[] = runtimes.node24, ...imports: string[]) =>
  async (t: TestContext, code: string, file: string): Promise<void> => {
    const printed = (await start(t, [...command, ...imports, file], folder).ended()).split("\n");
    if (file.startsWith("README-")) {
      const [stated] = code.match(/(?<=^ *console\.log\(.*\); \/\/ )\{.*?\}/m) ?? [];
      if (stated) assert.equal(printed[0], stated.replaceAll('"', "'"));
      return;
    }
    // In their order. What a loop prints may come in between.
    let from = 0;
    for (const [, comment] of code.matchAll(/^.*\bconsole\.log\(.*\); \/\/ (.+)$/gm)) {
      const stated = comment!.replaceAll('"', "'");
      const at = printed.indexOf(stated, from);
      assert.ok(at >= 0, `Expected ${JSON.stringify(stated)} to be printed, got ${JSON.stringify(printed)}`);
      from = at + 1;
    }
  };

const checks: Record<string, (t: TestContext, code: string, file: string) => Promise<void>> = {
  ts: runBlock(),
  // What is for a page, on what Node can have of one.
  "ts page": runBlock(runtimes.node24, "--import", "./page.mjs"),
  // By the types that Deno has.
  "ts deno": runBlock(runtimes.deno.map((word) => (word === "--no-check" ? "--check" : word))),
  // A component that shows the names in `store` by what is observed of it, `people`.
  async jsx(t, code, file) {
    const [, component] = /^export function (\w+)/m.exec(code)!;
    const shown = `
      await store.set("person/ada", "Ada");
      people.subscribe(() => {});
      await people.ready;
      const [{ createElement }, { renderToString }] = await Promise.all([import("react"), import("react-dom/server")]);
      console.log(renderToString(createElement(${component})));
      await store.close();`;
    const compiled = await transform(code + shown, { loader: "jsx", jsx: "automatic" });
    await writeFile(join(folder, `${file}.mjs`), compiled.code);
    const printed = await start(t, [...runtimes.node24, "--import", "./page.mjs", `${file}.mjs`], folder).ended();
    assert.equal(printed.trim(), "<ul><li>Ada</li></ul>");
  },
  async html(t, code) {
    const path = manifest.unpkg.replace("./", "");
    const address = `https://unpkg.com/${manifest.name}@${manifest.version}/${path}`;
    assert.ok(code.includes(`"${address}"`));
    // The hash as it is published: of the script that is in the package.
    const pinned = pin(code, manifest.version, readFileSync(`${packageFolder}node_modules/${manifest.name}/${path}`));
    const local = pinned.replace(address, `/node_modules/${manifest.name}/${path}`);
    const page = `<!doctype html><link rel="icon" href="data:,">${local}`;
    const headers = { "content-type": "text/html" };
    const server = await serveInstalled({ "/page": () => new Response(page, { headers }) });
    t.onTestFinished(() => server.close());
    const tab = await (await sharedBrowser("chromium")).open(`${server.url}page`);
    t.onTestFinished(() => tab.close());
    assert.equal(await tab.evaluate("() => store.increment('visits')" as never), 1);
    assert.deepEqual(tab.errors, []);
  },
  async sh(_, code) {
    for (const line of code.trim().split("\n")) {
      const [, install, script] = /^(?:npm install (\S+)|npm (?:run )?(start|test|check|build))$/.exec(line) ?? [];
      assert.ok(install === manifest.name || manifest.scripts[script!], line);
    }
  },
  async yaml(t, code) {
    await writeFile(join(folder, "shelflife.yaml"), code);
    await writeFile(join(folder, "tokens.jsonl"), "");
    await start(t, ["sh", "-c", "shelflife serve --config shelflife.yaml --check"], folder, env).ended();
  },
  async console(t, code) {
    for (const line of code.trim().split("\n")) {
      assert.ok(line.startsWith("$ shelflife "), line);
      const command = line.slice(2);
      const isServer = /^shelflife serve\b(?!.*--check)/.test(command);
      const started = start(t, ["sh", "-c", isServer ? `exec ${command} --port 0` : command], folder, env);
      if (isServer) await started.printed(/http:\/\/127\.0\.0\.1:\d+/);
      else await started.ended();
    }
  },
};

for (const { name, file, language, code } of blocks) {
  test(name, async (t) => {
    const check = checks[language];
    assert.ok(check, `Expected a block in ${Object.keys(checks).join(", ")}, got ${JSON.stringify(language)}`);
    await check(t, code, file);
  });
}

test("the types of all blocks hold", async (t) => {
  const options = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2022", "--types", "node"];
  const tsc = [
    process.execPath,
    `${root}node_modules/typescript/bin/tsc`,
    ...options,
    "--lib",
    "es2022,dom,dom.asynciterable,esnext.disposable",
    // Each is a program of its own, also one that imports nothing.
    "--moduleDetection",
    "force",
    "--ignoreConfig",
  ];
  const importsPeer = new RegExp(`from "(?:${peers.join("|")})[/"]`);
  const ofNode = programs.filter(({ language }) => language !== "ts deno");
  const [ours, theirs] = [false, true].map((isTheirs) =>
    ofNode.filter(({ code }) => importsPeer.test(code) === isTheirs).map(({ file }) => file),
  );
  await start(t, [...tsc, ...ours!], folder).ended();
  // The declarations of others name what need not be installed.
  await start(t, [...tsc, "--skipLibCheck", ...theirs!], folder).ended();
});

// What runs the Cases of each column: steps of `npm test`, or test files in Node or in the pages of an engine.
const node = ["node22", "node24", "node26"];
const columns: Record<string, string[]> = {
  "Node 22, 24, 26": ["cases: all", ...node.map((name) => `cases on ${name}, package`)],
  Deno: ["cases on deno, src", "cases on deno, package"],
  Bun: ["cases on bun, package"],
  Chromium: ["chromium: esm.page.test.ts", "chromium: umd.page.test.ts"],
  Firefox: ["firefox: esm.page.test.ts", "firefox: umd.page.test.ts"],
  WebKit: ["webkit: esm.page.test.ts", "webkit: umd.page.test.ts"],
  workers: ["chromium: worker.page.chromium.test.ts", "chromium: serviceWorker.page.chromium.test.ts"],
  workerd: ["cases on workerd, package"],
};
const fakes = ["Node 22, 24, 26", "Deno", "Bun"];

const { page: testing } = pages.find(({ name }) => name === "docs/testing.md")!;

test("the table of backends and runtimes is what the Cases run on", async (t) => {
  const [, head, body] = /^\| backend \|(.+)\|\n\|[-|]+\|\n((?:\|.+\|\n)+)/m.exec(testing)!;
  const cells = (line: string): string[] => line.split("|").map((cell) => cell.trim());
  assert.deepEqual(cells(head!), Object.keys(columns));
  const said = Object.fromEntries(
    body!
      .trim()
      .split("\n")
      .map((line) => {
        const [name, ...rest] = cells(line.slice(1, -1));
        return [name!.replace(" (remote)", ""), rest];
      }),
  );

  const actual: Record<string, string[]> = Object.fromEntries(Object.keys(said).map((name) => [name, []]));
  const inFiles = await subjectsOfFiles(t);
  for (const [column, wanted] of Object.entries(columns)) {
    const lists = [];
    for (const name of wanted) {
      if (/: /.test(name)) {
        assert.ok(inFiles[name], `${name} has tests`);
        lists.push(inFiles[name]);
        continue;
      }
      const step = steps.find((step: { name: string }) => step.name === name);
      assert.ok(step, `${name} is a step`);
      // What a runtime has does not depend on where the package comes from.
      if (name.endsWith(", src")) continue;
      lists.push((await start(t, [...step.command, "list"], root).ended()).split("\n"));
    }
    for (const [backend, row] of Object.entries(actual)) {
      const subject = backend === "http" ? "remote over a server" : backend;
      const places = lists.filter((list) => list.includes(subject)).length;
      assert.ok(places === 0 || places === lists.length, `${backend} in ${places} of ${wanted.join("; ")}`);
      // What is in no bundle has a file of its own in pages.
      const own = `${column.toLowerCase()}: ${backend}.page.`;
      const isAlone = Object.keys(inFiles).some((name) => name.startsWith(own));
      row.push(
        places === 0 && !isAlone ? "–" : backend === "indexeddb" && fakes.includes(column) ? "fake-indexeddb" : "yes",
      );
    }
  }
  assert.deepEqual(said, actual);
});

/** Lists the subjects of each file of Cases that `npm test` runs by vitest, in Node and in pages. */
async function subjectsOfFiles(t: TestContext): Promise<Record<string, string[]>> {
  const isRun = (project: string): boolean =>
    steps.some(({ command }: { command: string[] }) => command.includes(project));
  const projects = ["cases", "chromium", "firefox", "webkit"].filter(isRun).flatMap((name) => ["--project", name]);
  const list = join(folder, "pages.json");
  const vitest = [process.execPath, `${root}node_modules/vitest/vitest.mjs`, "list"];
  await start(t, [...vitest, ...projects, "/cases/", `--json=${list}`], root).ended();
  const tests: { name: string; file: string; projectName: string }[] = JSON.parse(await readFile(list, "utf8"));
  const subjects: Record<string, string[]> = {};
  for (const { name, file, projectName } of tests) {
    // In Node each medium has a file of its own.
    const names = (subjects[`${projectName}: ${projectName === "cases" ? "all" : basename(file)}`] ??= []);
    const [subject] = name.split(" > ", 1);
    if (!names.includes(subject!)) names.push(subject!);
  }
  return subjects;
}
