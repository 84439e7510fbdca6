// Runs the Cases on every subject of this runtime: on src, or on the package as built and installed.
//   <runtime> test/runtimes/cases.ts <name of the runtime> <src | package> [a part of a subject's name]
import process from "node:process";
import { runCases, summary } from "../support/runCases.ts";
import { serverSubjects, type Load as LoadSubjects } from "../support/serverSubjects.ts";

type Load = LoadSubjects & ((name: "testing") => Promise<typeof import("../../src/testing.ts")>);

const [claimed, origin, filter] = process.argv.slice(2);
const { Bun, Deno } = globalThis as { Bun?: object; Deno?: object };
const actual = Bun ? "bun" : Deno ? "deno" : `node${process.versions.node.split(".")[0]}`;
if (claimed !== actual) throw new Error(`Expected to run on ${claimed}, got ${actual}`);

async function loader(): Promise<Load> {
  if (origin === "src") return ((name: string) => import(`../../src/${name}.ts`)) as Load;
  if (origin !== "package") throw new Error(`Expected src or package, got ${origin}`);
  // By a variable, because the package is not there when types are checked.
  const path = "../../.package/load.mjs";
  return ((await import(path)) as { load: Load }).load;
}

const load = await loader();
// On the src of Node the project "cases" proves the views of every store. Here those of one, and of the one whose driver is
// the runtime's own.
const { subjects, stop } = await serverSubjects(load, (name) => name === "memory" || name === "sqlite");
const print = (line: string): boolean => process.stdout.write(`${line}\n`);
const count = await runCases(await load("testing"), subjects, { filter, print });
await stop();
print(summary(count));
// The process ends by itself: a timer or a connection of ours that keeps it is a fault, which the step's limit reports.
process.exitCode = count.failed > 0 ? 1 : 0;
