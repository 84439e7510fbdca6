// Runs the simulator by hand: how many seeds, and the first of them. One seed alone is printed with its story.
import { simulate } from "../../offline/simulate.ts";

export async function main([seeds = "1000", first = "1"]: readonly string[]): Promise<void> {
  let [failed, operations] = [0, 0];
  for (let seed = Number(first); seed < Number(first) + Number(seeds); seed++) {
    const outcome = await simulate(seed);
    operations += outcome.operations;
    if (outcome.violations[0]) failed++;
    if (seeds === "1" || (outcome.violations[0] && failed === 1)) console.log(outcome.story.join("\n"));
    if (outcome.violations[0]) console.log(`seed ${seed}: ${outcome.violations.join("; ")}`);
    if (seed % 1000 === 0) console.log(`${seed} …`);
  }
  console.log(`${seeds} seeds from ${first} on, ${operations} operations, ${failed} failed`);
  if (failed) process.exitCode = 1;
}
