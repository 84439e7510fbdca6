import { exitCodes, jsonOption, type Command } from "../command.ts";
import { chooseStore, createBackends, storeOptions } from "../store.ts";

/** Lists the names of the backends. */
export const methodsCommand: Command = {
  name: "methods",
  summary: "list the backends that a store can be opened with",
  options: { config: storeOptions.config!, json: jsonOption },
  examples: ["shelflife methods", "shelflife methods --config shelflife.yaml"],
  async run(invocation) {
    const { world, isJson } = invocation;
    const registry = createBackends(world);
    // A configuration may bring some of its own.
    await chooseStore(invocation, registry);
    const names = registry.methods();
    await world.write(isJson ? `${JSON.stringify(names)}\n` : names.map((name) => `${name}\n`).join(""));
    return exitCodes.done;
  },
};
