#!/usr/bin/env node
import { run } from "./cli/run.ts";
import { createWorld } from "./cli/world.ts";
import { getFactory, methods } from "./server.ts";

const backends = Object.fromEntries(methods().map((name) => [name, getFactory(name)]));
const world = await createWorld(new URL("../package.json", import.meta.url), backends);
world.end(await run(world.args, world));
