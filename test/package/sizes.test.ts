import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { test } from "vitest";
import { nodeResolve } from "@rollup/plugin-node-resolve";
import { build } from "esbuild";
import { rollup } from "rollup";
import { packageFolder } from "../../scripts/installPackage.mjs";
import { root } from "../../scripts/run.mjs";

// What a user writes, and how many bytes of it may reach the browser: what is reached, so that growth has to be meant.
const uses = [
  { name: "core + memory", code: `import { memory } from "shelflife"; globalThis.store = memory();`, limit: 6260 },
  {
    name: "core + indexeddb",
    code: `import { indexeddb } from "shelflife"; globalThis.store = indexeddb();`,
    limit: 12_660,
  },
  {
    name: "core + http",
    code: `import { remote } from "shelflife"; globalThis.store = remote({ url: "/" });`,
    limit: 10_400,
  },
];
const door = {
  name: "everything portable, UMD",
  file: `${packageFolder}node_modules/shelflife/dist/shelflife.umd.min.js`,
  limit: 27_620,
};

const gzip = (code: string | Uint8Array): number => gzipSync(code, { level: 9 }).length;
const kilobytes = (size: number): string => `${(size / 1000).toFixed(1)} kB`;

async function bundle(contents: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: packageFolder },
    // Without the project's own paths, which lead to src.
    tsconfigRaw: {},
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    write: false,
  });
  return outputFiles[0]!.text;
}

/** Fails unless the README says in a table what the size is. */
function quoted(name: string, size: number): void {
  const row = readFileSync(`${root}README.md`, "utf8")
    .split("\n")
    .find((line) => line.startsWith(`| ${name} |`));
  assert.ok(row, `README has no row "| ${name} | ${kilobytes(size)} |"`);
  assert.ok(row.includes(`| ${kilobytes(size)} |`), `README says ${row}, measured ${kilobytes(size)}`);
}

for (const { name, code, limit } of uses) {
  test(`${name} is at most ${kilobytes(limit)}, and README says how much`, async (context) => {
    const size = gzip(await bundle(code));
    await context.annotate(`${name}: ${size} bytes`);
    assert.ok(size <= limit, `${name} is ${size} bytes`);
    quoted(name, size);
  });
}

test(`${door.name} is at most ${kilobytes(door.limit)}, and README says how much`, async (context) => {
  const size = gzip(readFileSync(door.file));
  await context.annotate(`${door.name}: ${size} bytes`);
  assert.ok(size <= door.limit, `${door.name} is ${size} bytes`);
  quoted(door.name, size);
});

const both = `import { indexeddb, remote } from "shelflife"; globalThis.stores = [indexeddb(), remote({ url: "/" })];`;
const atop = {
  name: "offline, on top of indexeddb and http",
  code: `${both} import { offline } from "shelflife/offline"; globalThis.store = offline(...globalThis.stores);`,
  limit: 17_100,
};

test(`${atop.name} is at most ${kilobytes(atop.limit)}, and README says how much`, async (context) => {
  const size = gzip(await bundle(atop.code)) - gzip(await bundle(both));
  await context.annotate(`${atop.name}: ${size} bytes`);
  assert.ok(size <= atop.limit, `${atop.name} is ${size} bytes`);
  quoted(atop.name, size);
});

// What is over any store costs this on top of a core that a page has anyway.
const base = `import { json, memory } from "shelflife"; globalThis.stores = [memory(), json(memory())];`;
const additions = {
  count: 100,
  getOrSet: 720,
  observe: 960,
  fallback: 850,
  text: 200,
  encoded: 700,
  encrypted: 1300,
  compressed: 1100,
};

for (const [name, limit] of Object.entries(additions)) {
  test(`${name} adds at most ${kilobytes(limit)}, and README says how much`, async (context) => {
    const code = `${base} import { ${name} } from "shelflife/extras"; globalThis.added = ${name};`;
    const size = gzip(await bundle(code)) - gzip(await bundle(base));
    await context.annotate(`${name}: ${size} bytes`);
    assert.ok(size <= limit, `${name} is ${size} bytes`);
    // To the next 0.1 kB: of so little the exact number moves with each word of the core.
    quoted(`${name}, on top of core and json`, Math.ceil(size / 100) * 100);
  });
}

// What an adapter adds to the core and a store in memory.
const adapters = [
  { module: "strings", name: "strings", limit: 1100 },
  { module: "keyv", name: "keyv", limit: 1090 },
  { module: "keyv", name: "keyv5", limit: 1120 },
  { module: "unstorage", name: "unstorage", limit: 1490 },
  { module: "session", name: "sessionStore", limit: 960 },
  { module: "betterauth", name: "betterAuth", limit: 900 },
  { module: "ratelimit", name: "ratelimit", limit: 900 },
  { module: "ratelimit", name: "fastifyRateLimit", limit: 920 },
  { module: "localforage", name: "localforageDriver", limit: 1300 },
  { module: "level", name: "level", limit: 1710 },
  { module: "cloudflareKv", name: "cloudflareKv", limit: 2400 },
  { module: "cacheApi", name: "cacheApi", limit: 2300 },
  { module: "denoKv", name: "denoKv", limit: 4000 },
];

test("each adapter is small, and comes alone", async (context) => {
  const base = uses[0]!.code;
  const alone = gzip(await bundle(base));
  for (const { module, name, limit } of adapters) {
    const code = await bundle(
      `${base} import { ${name} } from "shelflife/adapters/${module}"; globalThis.use = ${name};`,
    );
    const size = gzip(code) - alone;
    await context.annotate(`${name}: ${size} bytes`);
    assert.ok(size <= limit, `${name} is ${size} bytes`);
    assert.doesNotMatch(code, /indexedDB|localStorage|sessionStorage|objectStore/, name);
  }
});

const others = /indexedDB|localStorage|sessionStorage|\bfetch\b|objectStore/;

test("a backend comes alone through esbuild, from the door and by its own name", async () => {
  const code = await bundle(uses[0]!.code);
  assert.doesNotMatch(code, others);
  const alone = await bundle(`import { memory } from "shelflife/backends/memory"; globalThis.store = memory();`);
  assert.ok(Math.abs(gzip(code) - gzip(alone)) < 50, `${gzip(code)} bytes from the door, ${gzip(alone)} alone`);
});

test("a backend comes alone through rollup", async () => {
  const entry = "\0entry";
  const bundled = await rollup({
    input: entry,
    plugins: [
      {
        name: "entry",
        resolveId: (id) => (id === entry ? id : null),
        load: (id) => (id === entry ? uses[0]!.code : null),
      },
      nodeResolve({ rootDir: packageFolder }),
    ],
  });
  const { output } = await bundled.generate({ format: "es" });
  await bundled.close();
  assert.doesNotMatch(output[0].code.replace(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, ""), others);
});
