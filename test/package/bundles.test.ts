import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createContext, runInContext } from "node:vm";
import { parse } from "acorn";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { packageFolder } from "../../scripts/installPackage.mjs";
import { root } from "../../scripts/run.mjs";

const dist = `${packageFolder}node_modules/shelflife/dist/`;
const bundles = {
  "shelflife.min.js": "module",
  "shelflife.umd.min.js": "script",
  "shelflife.extras.umd.min.js": "script",
  "shelflife.offline.umd.min.js": "script",
} as const;

for (const [name, sourceType] of Object.entries(bundles)) {
  test(`${name} is ES2020`, () => {
    // It takes no more than that.
    expect(() => parse("a ??= b", { ecmaVersion: 2020 })).toThrow("Unexpected token");
    assert.ok(parse(readFileSync(dist + name, "utf8"), { ecmaVersion: 2020, sourceType }).body.length > 0);
  });
}

test("the script adds one name to the page, and touches nothing of it", () => {
  const page = createContext({});
  const before = new Set(Object.getOwnPropertyNames(page));
  runInContext(readFileSync(`${dist}shelflife.umd.min.js`, "utf8"), page);
  assert.deepEqual(
    Object.getOwnPropertyNames(page).filter((name) => !before.has(name)),
    ["Shelflife"],
  );
});

test("the script of the offline mode adds to that name, and goes over stores of the other", async () => {
  const page = createContext({
    TextEncoder,
    TextDecoder,
    crypto,
    setTimeout,
    clearTimeout,
    AbortController,
    URL,
    btoa,
  });
  for (const name of ["shelflife.umd.min.js", "shelflife.offline.umd.min.js"])
    runInContext(readFileSync(dist + name, "utf8"), page);
  const { memory, offline } = (page as { Shelflife: any }).Shelflife;
  const server = memory();
  const store = offline(memory(), server);
  await store.set("key", runInContext("Uint8Array.of(1)", page));
  await store.flush();
  assert.deepEqual([...(await server.get("key"))], [1]);
  await store.close();
});

test("the script of the extras adds to that name what the door of them has, and takes nothing of the other's place", async () => {
  const page = createContext({ TextEncoder, TextDecoder, setTimeout, clearTimeout });
  const run = (name: string): any => (runInContext(readFileSync(dist + name, "utf8"), page), (page as any).Shelflife);
  const before = { ...run("shelflife.umd.min.js") };
  const after = { ...run("shelflife.extras.umd.min.js") };
  for (const name of Object.keys(before)) assert.equal(after[name], before[name], name);
  const extras = Object.keys(await import(`${dist}extras.js`));
  assert.deepEqual(Object.keys(after).sort(), [...new Set([...Object.keys(before), ...extras])].sort());
  assert.ok(Object.keys(after).length > Object.keys(before).length);
  assert.equal(await after.count(after.memory()), 0);
});

test("README's tag, as it is published, is for this version and has the hash of the script", () => {
  const { version } = JSON.parse(readFileSync(`${dist}../package.json`, "utf8"));
  const script = readFileSync(`${dist}shelflife.umd.min.js`);
  const [, address, integrity] =
    /<script\s+src="([^"]+)"\s+integrity="([^"]+)"\s+crossorigin="anonymous"\s*>/.exec(
      readFileSync(`${dist}../README.md`, "utf8"),
    ) ?? assert.fail("README has no such tag");
  assert.equal(address, `https://unpkg.com/shelflife@${version}/dist/shelflife.umd.min.js`);
  assert.equal(integrity, `sha384-${createHash("sha384").update(script).digest("base64")}`);
  assert.match(JSON.parse(readFileSync(`${root}package.json`, "utf8")).scripts.prepack, /scripts\/integrity\.mjs$/);
});

test("a worker's bundle can hold the handler, from where the pages import it", async () => {
  const names = new Set(
    ["docs/guide/install.md", "docs/guide/serving.md"].flatMap((page) => {
      const text = readFileSync(root + page, "utf8");
      return [...text.matchAll(/import \{[^}]*\bhandler\b[^}]*\} from "([^"]+)"/g)].map(([, name]) => name!);
    }),
  );
  assert.deepEqual([...names], ["shelflife/http/handler"]);
  const { outputFiles } = await build({
    stdin: {
      contents: `
        import { memory } from "shelflife";
        import { handler } from "shelflife/http/handler";
        export default { fetch: handler(memory({ sweepInterval: Infinity })) };`,
      resolveDir: packageFolder,
    },
    tsconfigRaw: {},
    bundle: true,
    format: "esm",
    // Where nothing of Node is, to resolve one of its modules fails.
    platform: "neutral",
    write: false,
  });
  assert.doesNotMatch(outputFiles[0]!.text, /\b(?:from|import|require)\b\s*\(?\s*["']node:/);
});
