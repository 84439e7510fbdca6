#!/usr/bin/env node
import { run } from "./cli/run.ts";
import { createWorld } from "./cli/world.ts";

const world = await createWorld(new URL("../package.json", import.meta.url));
world.end(await run(world.args, world));
