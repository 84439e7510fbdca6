// Simulates offline stores: node scripts/simulate.mjs [how many seeds] [the first of them]
import { rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { root } from "./run.mjs";

const outfile = join(root, `.simulate-${process.pid}.mjs`);
try {
  const entryPoints = [join(root, "test/support/simulator/main.ts")];
  await build({ entryPoints, outfile, bundle: true, platform: "node", format: "esm" });
  const { main } = await import(pathToFileURL(outfile).href);
  await main(process.argv.slice(2));
} finally {
  rmSync(outfile, { force: true });
}
