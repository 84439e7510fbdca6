#!/usr/bin/env node
import { run } from "./cli/run.ts";
import { createWorld } from "./cli/world.ts";
import { getFactory, methods } from "./server.ts";

// Not awaited here: a module that waits for what never comes is ended by some runtimes in their own words, and by others not at all.
async function main(): Promise<void> {
  const backends = Object.fromEntries(methods().map((name) => [name, getFactory(name)]));
  const world = await createWorld(new URL("../package.json", import.meta.url), backends);
  world.end(await run(world.args, world));
}

void main();
