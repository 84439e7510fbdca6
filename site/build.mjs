// Makes the site: gathers its pages, writes the reference from the docstrings, and has VitePress make HTML of both.
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { build } from "vitepress";
import { root } from "../scripts/run.mjs";
import { writePages } from "./pages.mjs";
import { writeReference } from "./reference/write.mjs";
import { sidebars } from "./sidebars.mjs";

/** Writes what VitePress makes the site of. */
async function writeStage(stage, base) {
  mkdirSync(`${stage}/public`, { recursive: true });
  cpSync(`${root}site/vitepress`, `${stage}/.vitepress`, { recursive: true });
  cpSync(`${root}examples/workbench/icon.svg`, `${stage}/public/icon.svg`);
  const titles = writePages(stage);
  const doors = await writeReference(`${stage}/reference`);
  const { version } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
  writeFileSync(`${stage}/.vitepress/site.json`, JSON.stringify({ base, version, ...sidebars(titles, doors) }));
}

/** Builds the site into a folder, which is exchanged as a whole: a reader never finds half of it. */
export async function buildSite(target, base) {
  const startedAt = new Date();
  // In here VitePress finds its packages; with a name of its own it is in nobody's way.
  const stage = `${root}site/.stage-${process.pid}`;
  const clean = () => rmSync(stage, { recursive: true, force: true });
  const stop = () => {
    clean();
    process.exit(1);
  };
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, stop);
  try {
    await writeStage(stage, base);
    await build(stage, { outDir: `${stage}/dist` });
    // What is changed while it is built makes it stale.
    utimesSync(`${stage}/dist/index.html`, startedAt, startedAt);
    if (existsSync(target)) renameSync(target, `${stage}/old`);
    renameSync(`${stage}/dist`, target);
  } finally {
    clean();
    for (const signal of ["SIGINT", "SIGTERM"]) process.off(signal, stop);
  }
}
