// Builds the site of the documentation into .site: the pages of docs, and the API reference from the docstrings.
//   node scripts/docs.mjs [--if-stale] [--base /docs/]
import { existsSync, readdirSync, statSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { exit, root } from "./run.mjs";
import { setup } from "./setup.mjs";

const site = `${root}.site`;

/** What the site is made of, whether a page of it or what makes it. */
const sources = ["docs", "src", "site", "examples", "bench/README.md", "README.md", "SECURITY.md", "CHANGELOG.md", "CONTRIBUTING.md", "package.json"]; // prettier-ignore

/** Lists a file, or a folder with all that is in it, but for what is installed or being built there. */
function* walk(path) {
  yield path;
  if (!statSync(path).isDirectory()) return;
  for (const name of readdirSync(path))
    if (name !== "node_modules" && !name.startsWith(".stage-")) yield* walk(`${path}/${name}`);
}

/** Returns whether anything that the site is made of is newer than the site. */
function isStale() {
  const mark = `${site}/index.html`;
  if (!existsSync(mark)) return true;
  const builtAt = statSync(mark).mtimeMs;
  return sources.some((source) => [...walk(root + source)].some((path) => statSync(path).mtimeMs > builtAt));
}

/** Builds the site beside the old one and exchanges the two. `base` is the path that it is served at. */
export async function buildDocs({ ifStale = false, base = "/docs/" } = {}) {
  if (ifStale && !isStale()) return;
  await setup("root", "site");
  const { buildSite } = await import("../site/build.mjs");
  await buildSite(site, base);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({ options: { "if-stale": { type: "boolean" }, base: { type: "string" } } });
  await buildDocs({ ifStale: values["if-stale"], base: values.base }).catch(exit);
}
