// Sets up the machine, builds, and runs the steps of steps.mjs. Ends with one line `N passed, N failed`.
//   node scripts/test.mjs [--check] [a part of a step's name …]
import { spawn } from "node:child_process";
import { prepare } from "./prepare.mjs";
import { root } from "./run.mjs";
import { setup } from "./setup.mjs";

const started = Date.now();
const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`;
const running = new Set();
let isEnding = false;

/** Reads how many tests passed and failed from what a step printed. */
function count(output) {
  const [, passed = 0, failed = 0] = [...output.matchAll(/^(\d+) passed, (\d+) failed$/gm)].at(-1) ?? [];
  return { passed: Number(passed), failed: Number(failed) };
}

async function runStep({ name, command, exit = false, minutes = 20 }) {
  const since = Date.now();
  // A process group of its own, so that a step which hangs is ended with all that it started.
  const env = { ...process.env, NO_COLOR: "1", FORCE_COLOR: "0" };
  const child = spawn(command[0], command.slice(1), {
    cwd: root,
    env,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
  const timer = setTimeout(() => {
    output += `\nEnded after ${minutes} minutes\n`;
    void end(child);
  }, minutes * 60_000);
  const code = await new Promise((resolve) => {
    child.once("error", (error) => resolve((output += error.message))).once("close", resolve);
  });
  clearTimeout(timer);
  running.delete(child);

  const counted = exit ? { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1 } : count(output);
  if (counted.passed + counted.failed === 0) output += "\nNo test ran\n";
  if (counted.failed === 0 && (code !== 0 || counted.passed === 0)) counted.failed = 1;
  const isGood = counted.failed === 0;
  console.log(
    `${isGood ? "ok    " : "FAILED"} ${name}: ${counted.passed} passed, ${counted.failed} failed (${seconds(since)})`,
  );
  // What went well would bury what did not.
  if (!isGood) console.log(output.replace(/^\s*(✓|ok ).*\n/gm, "").replace(/^(?=.)/gm, "    "));
  return counted;
}

/** Ends a step with all that it started; browsers get the time to go by themselves. */
function end(child) {
  const kill = (signal) => {
    try {
      process.kill(-child.pid, signal);
    } catch {
      // It is gone.
    }
  };
  kill("SIGTERM");
  setTimeout(kill, 5000, "SIGKILL").unref();
  return new Promise((resolve) => setTimeout(resolve, 5500).unref() && child.once("close", resolve));
}

/** Runs the steps, two at a time: one that waits beside one that computes, as long as there are both. */
async function runSteps(steps) {
  const results = [];
  const queue = [...steps];
  const next = (waits) => {
    const index = queue.findIndex((step) => !!step.waits === waits);
    return queue.splice(Math.max(0, index), 1)[0];
  };
  const lane = async (waits) => {
    while (queue.length && !isEnding) results.push(await runStep(next(waits)));
  };
  await Promise.all([lane(true), lane(false)]);
  return results;
}

async function main() {
  const filters = process.argv.slice(2).filter((argument) => !argument.startsWith("-"));
  const flags = process.argv.slice(2).filter((argument) => argument.startsWith("-"));
  const isCheck = flags.includes("--check");
  const unknown = flags.find((flag) => flag !== "--check");
  if (unknown) throw new Error(`Cannot run with ${unknown}: expected --check, or parts of the names of steps`);
  await setup("root");
  const { steps } = await import("./steps.mjs");
  const selected = steps.filter(
    ({ name, check }) =>
      (isCheck ? check : check !== "only") && (!filters.length || filters.some((filter) => name.includes(filter))),
  );
  if (!selected.length)
    throw new Error(
      `No step matches ${filters.join(" ")}: expected a part of ${steps.map(({ name }) => name).join(", ")}`,
    );
  const needs = new Set(selected.flatMap((step) => step.needs ?? []));
  await prepare([...needs]);
  return runSteps(selected);
}

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, async () => {
    isEnding = true;
    await Promise.all([...running].map(end));
    process.exit(1);
  });
}

let results;
try {
  results = await main();
} catch (error) {
  console.error(error.message);
  results = [{ passed: 0, failed: 1 }];
}
const sum = (word) => results.reduce((total, result) => total + result[word], 0);
console.log(`${results.length} steps in ${seconds(started)}`);
console.log(`${sum("passed")} passed, ${sum("failed")} failed`);
process.exitCode = sum("failed") === 0 ? 0 : 1;
