import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { test } from "vitest";
import { packageFolder } from "../../scripts/installPackage.mjs";
import { root } from "../../scripts/run.mjs";
import { runtimes } from "../../scripts/runtimes.mjs";

const exec = promisify(execFile);
const folder = `${packageFolder}node_modules/shelflife/`;
const entries = readdirSync(`${folder}dist/cjs`, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".js") && !name.startsWith("shared"))
  .map((name) => name.replaceAll("\\", "/").replace(/\.js$/, ""))
  .sort();
const nameOf = (entry: string): string =>
  entry === "index" ? "shelflife" : `shelflife/${entry.replace("http/remote", "backends/http")}`;

/** Runs a CommonJS file beside the package, and returns what it wrote. */
async function run(command: readonly string[], name: string, code: string): Promise<string> {
  const path = `${packageFolder}${name}.cjs`;
  await writeFile(path, code);
  try {
    return (await exec(command[0]!, [...command.slice(1), path], { cwd: packageFolder })).stdout;
  } finally {
    await rm(path);
  }
}

// The Node that somebody has, too: the oldest that is meant, maybe.
const { node22, node24, node26, bun, deno } = runtimes;
const everywhere = {
  "Node on this machine": ["node"],
  "Node 22": node22,
  "Node 24": node24,
  "Node 26": node26,
  Bun: bun,
  Deno: deno,
};
for (const [runtime, command] of Object.entries(everywhere)) {
  test(`what is required is what is imported, on ${runtime}`, async () => {
    const code = `
      const failed = [];
      (async () => {
        for (const name of ${JSON.stringify(entries.map(nameOf))}) {
          const required = require(name);
          const imported = await import(name);
          const differs = Object.keys(imported).filter((each) => required[each] !== imported[each]);
          if (differs.length || !Object.keys(required).length) failed.push(name + ": " + differs);
        }
        process.stdout.write(JSON.stringify(failed));
      })();`;
    assert.deepEqual(JSON.parse(await run(command, `required-${runtime.replaceAll(" ", "")}`, code)), []);
  });
}

test("the CommonJS build has every entry, with the same names and its declarations", async () => {
  assert.ok(entries.length > 20);
  const code = `
    (async () => {
      const failed = [];
      for (const entry of ${JSON.stringify(entries)}) {
        const path = "./node_modules/shelflife/dist/";
        const names = (module) => Object.keys(module).filter((name) => name !== "default" && name !== "__esModule").sort();
        const required = names(require(path + "cjs/" + entry + ".js"));
        const imported = names(await import(path + entry + ".js"));
        if (required.join() !== imported.join()) failed.push(entry + ": " + required + " beside " + imported);
      }
      const { memory, json } = require("./node_modules/shelflife/dist/cjs/index.js");
      const store = json(memory());
      await store.set("a", { b: 1 });
      failed.push(await store.get("a"));
      const { sqlite } = require("./node_modules/shelflife/dist/cjs/server.js");
      const file = sqlite({ path: ":memory:" });
      failed.push(await file.increment("n", 2));
      await file.close();
      process.stdout.write(JSON.stringify(failed));
    })();`;
  assert.deepEqual(JSON.parse(await run(node24, "same-names", code)), [{ b: 1 }, 2]);
  for (const entry of entries) {
    const declaration = readFileSync(`${folder}dist/cjs/${entry}.d.ts`, "utf8");
    assert.ok(!declaration.includes("sourceMappingURL"), `${entry}.d.ts leads to a map`);
  }
});

const jest = `${root}test/package/jest/node_modules/`;
for (const environment of ["node", "jsdom"]) {
  test(`Jest loads every entry in its environment "${environment}"`, async () => {
    const path = `${packageFolder}${environment}.jest.cjs`;
    // jsdom brings no TextEncoder: whoever needs one there sets it, before or after the package is loaded.
    await writeFile(
      path,
      `
      const names = ${JSON.stringify(entries.map(nameOf))};
      test("loads", () => {
        if (${environment === "jsdom"}) expect([typeof TextEncoder, typeof TextDecoder]).toEqual(["undefined", "undefined"]);
        for (const name of names) expect(Object.keys(require(name)).length).toBeGreaterThan(0);
      });
      test("works", async () => {
        const { json, memory, isStoreError, localstorage } = require("shelflife");
        const stores = [memory(), ...(typeof localStorage === "undefined" ? [] : [localstorage({ storage: "session" })])];
        // JSON in memory is text.
        await json(stores[0]).set("a", { b: [1, "ü"] });
        expect(await json(stores[0]).get("a")).toEqual({ b: [1, "ü"] });
        expect(isStoreError(await stores[0].get("none").catch((error) => error), "not-found")).toBe(true);
        const util = require("node:util");
        globalThis.TextEncoder ??= util.TextEncoder;
        globalThis.TextDecoder ??= util.TextDecoder;
        for (const store of stores) {
          await store.set("bytes", Uint8Array.of(1, 255));
          expect([...(await store.get("bytes"))]).toEqual([1, 255]);
          expect(await store.increment("n", 3)).toBe(3);
          await json(store).set("b", { b: [1, "ü"] });
          expect(await json(store).get("b")).toEqual({ b: [1, "ü"] });
          await store.close();
        }
      });
      if (${environment === "node"}) test("opens a file", async () => {
        const { sqlite } = require("shelflife/server");
        const file = sqlite({ path: ":memory:" });
        await file.set("a", Uint8Array.of(1));
        expect([...(await file.get("a"))]).toEqual([1]);
        await file.close();
      });`,
    );
    const config = {
      rootDir: packageFolder,
      testMatch: [path],
      testEnvironment: `${jest}jest-environment-${environment}/build/index.js`,
      transform: {},
      cache: false,
    };
    const args = [
      `${jest}jest/bin/jest.js`,
      "--ci",
      "--runInBand",
      "--watchman=false",
      "--config",
      JSON.stringify(config),
    ];
    try {
      const { stderr } = await exec(node24[0]!, args, { cwd: packageFolder });
      assert.match(stderr, environment === "node" ? /Tests:\s+3 passed, 3 total/ : /Tests:\s+2 passed, 2 total/);
    } catch (error) {
      assert.fail((error as { stderr?: string }).stderr ?? String(error));
    } finally {
      await rm(path);
    }
  });
}
