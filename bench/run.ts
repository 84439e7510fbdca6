// Runs one suite and writes down what it measured: bench/main.mjs starts it.
import { readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem, type } from "node:os";
import process from "node:process";
import { createBench, type Suite } from "./bench.ts";
import { writeFiles } from "./report.ts";
import { runtimeOf } from "./runtimeOf.ts";
import { withWorks } from "./withWorks.ts";

const [name, ...flags] = process.argv.slice(2);
const option = (name: string): string | undefined =>
  flags.find((flag) => flag.startsWith(`--${name}=`))?.slice(name.length + 3);
const rounds = Number(option("rounds") ?? 9);
const browser = option("browser");
const only = option("only");
const peers = option("peers")?.split(",");
const folder = new URL(".", import.meta.url);

/** Reads some file of JSON. */
const read = (path: string): any => JSON.parse(readFileSync(new URL(path, folder), "utf8"));

/** The versions of the peers as they are installed. */
function versions(): Record<string, string> {
  const names = Object.keys(read("package.json").dependencies);
  return Object.fromEntries(names.map((name) => [name, read(`node_modules/${name}/package.json`).version]));
}

const [place, runtime] = runtimeOf();
const { suite } = (await import(`./suites/${name}.ts`)) as { suite: Suite };
const bench = createBench({ rounds, only, peers });
await suite(bench, { browser });
// What counts has the suite's name alone.
const file = [name, browser ?? place].filter((part) => part !== "chromium" && part !== "node").join("-");
const path = `results/${file}.json`;
const date = new Date().toISOString();

function write(result: unknown): void {
  writeFileSync(new URL(path, folder), `${JSON.stringify(result, null, 2)}\n`);
  writeFiles();
}

// A part of a suite is only looked at, unless it is to stand beside the rest.
if (flags.includes("--keep")) {
  const last = read(path);
  const works = bench.works.map((work) => ({ ...work, date }));
  write({ ...last, works: withWorks(last.works, works) });
} else if (!only && !peers) {
  write({
    suite: name,
    command: `npm run bench -- ${[name, ...flags].join(" ")}`,
    date,
    machine: `${cpus().length} × ${cpus()[0]?.model ?? "unknown processor"}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()}`,
    runtime: bench.runtime ?? runtime,
    versions: versions(),
    rounds,
    ...(Object.keys(bench.leftOut).length && { leftOut: bench.leftOut }),
    works: bench.works,
  });
}
