#!/usr/bin/env node
import { run } from "./cli/run.ts";
import { createWorld } from "./cli/world.ts";
import { getFactory } from "./server.ts";

// Those that a command can use, by name: some runtimes warn when a page's Storage is looked for.
const names = ["http", "memory", "s3", "sqlite", "valkey"];

// Not awaited here: a module that waits for what never comes is ended by some runtimes in their own words, and by others not at all.
async function main(): Promise<void> {
  const backends = Object.fromEntries(names.map((name) => [name, getFactory(name)]));
  const world = await createWorld(new URL("../package.json", import.meta.url), backends);
  world.end(await run(world.args, world));
}

void main();
