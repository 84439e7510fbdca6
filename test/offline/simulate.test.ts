import { expect, test } from "vitest";
import { loadSimulator } from "../support/simulator/bundle.ts";

// So many in every run; `npm run simulate -- 10000` runs more of them.
const seeds = 500;

test(`offline stores keep what they promise, by ${seeds} schedules with faults`, async ({ annotate }) => {
  const simulate = await loadSimulator();
  let operations = 0;
  for (let seed = 1; seed <= seeds; seed++) {
    const { violations, story, ...outcome } = await simulate(seed);
    if (violations[0]) expect.fail(`Seed ${seed}: ${violations.join("; ")}\n${story.join("\n")}`);
    operations += outcome.operations;
  }
  await annotate(`${operations} operations`);
});

test("one seed is one schedule", async () => {
  const simulate = await loadSimulator();
  for (let seed = 1; seed <= 30; seed++) expect(await simulate(seed), `Seed ${seed}`).toEqual(await simulate(seed));
});
