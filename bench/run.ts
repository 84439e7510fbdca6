// Runs one suite and writes down what it measured: node bench/run.ts <suite> [--rounds=9] [--browser=firefox] [--only=title] [--peers=name,name]
import { readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem, type } from "node:os";
import process from "node:process";
import { createBench, type Suite } from "./bench.ts";
import { pages } from "./report.ts";

const [name, ...flags] = process.argv.slice(2);
const option = (name: string): string | undefined =>
  flags.find((flag) => flag.startsWith(`--${name}=`))?.slice(name.length + 3);
const rounds = Number(option("rounds") ?? 9);
const browser = option("browser");
const only = option("only");
const peers = option("peers")?.split(",");
const folder = new URL(".", import.meta.url);

/** The versions of the peers as they are installed. */
function versions(): Record<string, string> {
  const { dependencies } = JSON.parse(readFileSync(new URL("package.json", folder), "utf8")) as {
    dependencies: Record<string, string>;
  };
  return dependencies;
}

const { suite } = (await import(`./suites/${name}.ts`)) as { suite: Suite };
const bench = createBench(rounds);
await suite(bench, { browser, only, peers });
const result = {
  suite: name,
  command: `npm run bench -- ${[name, ...flags].join(" ")}`,
  date: new Date().toISOString(),
  machine: `${cpus().length} × ${cpus()[0]?.model ?? "unknown processor"}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()}`,
  runtime: bench.runtime ?? `Node ${process.versions.node}`,
  versions: versions(),
  rounds,
  works: bench.works,
};
// A part of a suite is only looked at.
if (!only && !peers) {
  const file = [name, ...(browser ? [browser] : [])].join("-");
  writeFileSync(new URL(`results/${file}.json`, folder), `${JSON.stringify(result, null, 2)}\n`);
  for (const [name, page] of pages()) writeFileSync(new URL(`../${name}`, folder), page);
}
