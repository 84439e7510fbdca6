// Builds dist: declarations one to one with src by tsc; of its modules, by rollup, the public ones, twice, and the two bundles.
//   node scripts/build.mjs [--if-stale]
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { exit, root, run } from "./run.mjs";
import { setup } from "./setup.mjs";

const dist = `${root}dist`;

/** Returns whether anything that dist is made of is newer than dist. */
function isStale() {
  const last = `${dist}/shelflife.umd.min.js`;
  if (!existsSync(last)) return true;
  const builtAt = statSync(last).mtimeMs;
  const sources = readdirSync(`${root}src`, { recursive: true }).map((name) => `src/${name}`);
  const others = ["src", "package.json", "tsconfig.json", "tsconfig.build.json", "rollup.config.mjs"];
  return [...sources, ...others].some((name) => statSync(root + name).mtimeMs > builtAt);
}

/** Compiles src. A type error fails the command and the tests, but does not keep the modules from being made. */
async function compile(folder) {
  try {
    await run(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json", "--outDir", folder]);
  } catch (error) {
    if (!existsSync(`${root}${folder}/index.js`)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}

// What declarations name of the platform. Where a program has none of it (no DOM, no types of Node), each of these is an empty
// interface; elsewhere that is merged with what there is, and adds nothing.
const platform = ["AbortSignal", "CryptoKey", "Headers", "Request", "RequestInit", "Response", "URL"];

/** Refers the declarations that need it to names of the platform. */
function supplyPlatform(fresh) {
  const declared = platform.map((name) => `interface ${name} {}\n`).join("");
  writeFileSync(`${fresh}/platform.d.ts`, declared);
  const isNamed = new RegExp(`\\b(${platform.join("|")})\\b`);
  for (const name of readdirSync(fresh, { recursive: true }).filter((each) => each.endsWith(".d.ts"))) {
    const text = readFileSync(`${fresh}/${name}`, "utf8");
    if (name === "platform.d.ts" || !isNamed.test(text.replace(/\/\*[^]*?\*\//g, ""))) continue;
    const path = `${"../".repeat(name.split(/[\\/]/).length - 1) || "./"}platform.d.ts`;
    writeFileSync(`${fresh}/${name}`, `/// <reference path="${path}" />\n${text}`);
    const map = JSON.parse(readFileSync(`${fresh}/${name}.map`, "utf8"));
    writeFileSync(`${fresh}/${name}.map`, JSON.stringify({ ...map, mappings: `;${map.mappings}` }));
  }
}

/** Copies the declarations that the CommonJS modules need, and says that they are of such modules. */
function declareCommonJs(fresh) {
  const folder = `${fresh}/cjs`;
  rmSync(`${folder}/cli.js`);
  writeFileSync(`${folder}/package.json`, '{ "type": "commonjs", "sideEffects": false }\n');
  const isPublic = (name) => name.endsWith(".js") && !name.startsWith("shared");
  const names = readdirSync(folder, { recursive: true })
    .filter(isPublic)
    .map((name) => name.replace(/js$/, "d.ts"));
  const needed = new Set(names);
  for (const name of needed) {
    const text = readFileSync(`${fresh}/${name}`, "utf8");
    for (const [, path] of text.matchAll(/\b(?:from|module|path=|import\() ?"(\.[^"]+?)(?:\.d)?\.ts"/g))
      needed.add(join(dirname(name), `${path}.d.ts`));
    mkdirSync(dirname(`${folder}/${name}`), { recursive: true });
    // Their maps lead to src from one folder above.
    writeFileSync(`${folder}/${name}`, text.replace(/\n\/\/# sourceMappingURL=.*\s*$/, "\n"));
  }
}

/** Builds dist beside the old one and exchanges the two, so that a reader never finds half of it. */
export async function build({ ifStale = false } = {}) {
  if (ifStale && !isStale()) return;
  await setup("root");
  // Beside dist, so that their maps lead to src as those of dist do.
  const name = `.dist-${process.pid}`;
  const modules = `${name}-modules`;
  const fresh = root + name;
  try {
    await compile(modules);
    const env = { ...process.env, SHELFLIFE_MODULES: modules, SHELFLIFE_DIST: name };
    await run(process.execPath, ["node_modules/rollup/dist/bin/rollup", "-c", "--silent"], { env });
    const isDeclared = (path) => statSync(path).isDirectory() || /\.d\.ts(\.map)?$/.test(path);
    cpSync(root + modules, fresh, { recursive: true, filter: isDeclared });
    supplyPlatform(fresh);
    declareCommonJs(fresh);
    if (existsSync(dist)) renameSync(dist, `${fresh}-old`);
    renameSync(fresh, dist);
  } finally {
    for (const path of [fresh, `${fresh}-old`, root + modules]) rmSync(path, { recursive: true, force: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await build({ ifStale: process.argv.includes("--if-stale") }).catch(exit);
}
