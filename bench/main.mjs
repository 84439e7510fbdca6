// Measures the stores beside their peers. Results are written to bench/results.
//   npm run bench [-- sqlite | http | memory | valkey …] [--rounds=9] [--browser=firefox] [--runtime=bun] [--only=part of a title] [--peers=name,name]
//   npm run bench -- memory --only=update --keep   writes what is measured among the results that there are
//   npm run bench -- --pages   writes the pages and charts anew from the results that there are
import { readdirSync } from "node:fs";
import { build } from "../scripts/build.mjs";
import { exit, root, run } from "../scripts/run.mjs";
import { runtimes } from "../scripts/runtimes.mjs";
import { setup } from "../scripts/setup.mjs";
import { inBrowser, readArguments } from "./readArguments.mjs";

/** What runs a script with the garbage collector within its reach. */
const commands = {
  node: [...runtimes.node24, "--expose-gc"],
  bun: [...runtimes.bun, "--expose-gc"],
  deno: [...runtimes.deno, "--v8-flags=--expose-gc"],
};

async function main() {
  const known = readdirSync(`${root}bench/suites`).map((name) => name.replace(".ts", ""));
  const args = process.argv.slice(2);
  const { suites, options } = readArguments(args, known);
  const { runtime = "node" } = options;
  await setup("root", runtime === "node" ? "node" : "runtimes", "bench");
  if ("pages" in options) return run(commands.node[0], ["bench/pages.ts"], { cwd: root });
  if (suites.some((name) => inBrowser.includes(name))) await setup("browsers");
  if (suites.includes("valkey")) await setup("servers");
  if (suites.includes("start")) await build({ ifStale: true });
  const [command, ...flags] = commands[runtime];
  // A process each: what one leaves in memory is not measured with the next.
  for (const name of suites) {
    const asked = args.filter((arg) => arg.startsWith("-"));
    await run(command, [...flags, "bench/run.ts", name, ...asked], { cwd: root });
  }
}

await main().catch(exit);
