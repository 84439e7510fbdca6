// Measures the stores beside their peers. Results are written to bench/results.
//   npm run bench [-- sqlite | http | memory | valkey …] [--rounds=9] [--browser=firefox] [--only=part of a title] [--peers=name,name]
import { readdirSync } from "node:fs";
import { exit, root, run } from "../test/tools/run.mjs";
import { runtimes } from "../test/tools/runtimes.mjs";
import { setup } from "../test/tools/setup.mjs";

const names = readdirSync(`${root}bench/suites`).map((name) => name.replace(".ts", ""));
const args = process.argv.slice(2);
const flags = args.filter((arg) => arg.startsWith("--"));
const wanted = args.filter((arg) => !arg.startsWith("--"));
const unknown = wanted.filter((name) => !names.includes(name));

async function main() {
  if (unknown.length) throw new Error(`No suite ${unknown.join()}: expected some of ${names.join(", ")}`);
  const inBrowser = ["indexeddb", "localstorage"];
  const isInBrowser = (wanted.length ? wanted : names).some((name) => inBrowser.includes(name));
  await setup("root", "node", "bench", ...(isInBrowser ? ["browsers"] : []));
  const [command, ...options] = runtimes.node24;
  // A process each: what one leaves in memory is not measured with the next.
  for (const name of wanted.length ? wanted : names) {
    await run(command, [...options, "--expose-gc", "bench/run.ts", name, ...flags], { cwd: root });
  }
}

await main().catch(exit);
