import { expect, test } from "vitest";
import { loadRoom, loadSimulator } from "../support/simulator/bundle.ts";
import { mutations } from "../support/simulator/mutations.ts";

// How many seeds are tried at most.
const seeds = 6000;

const simulate = await loadSimulator();

test.each(mutations)("the simulator finds a room that $name", { timeout: 600_000 }, async ({ edits }) => {
  const room = await loadRoom(edits);
  for (let seed = 1; seed <= seeds; seed++) if ((await simulate(seed, room)).violations[0]) return;
  expect.fail(`Nothing was found by ${seeds} seeds`);
});
