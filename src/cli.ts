#!/usr/bin/env node
import { run } from "./cli/run.ts";
import { createWorld } from "./cli/world.ts";

const world = await createWorld();
world.end(await run(world.args, world));
