import { exitCodes, jsonOption, prefixOption, type Command } from "../command.ts";
import { showKey } from "../entryLine.ts";
import { storeOptions, withStore } from "../store.ts";

/** Writes each change of a store until it is interrupted. */
export const watchCommand: Command = {
  name: "watch",
  summary: "report each change, until it is interrupted",
  options: { ...storeOptions, prefix: prefixOption, json: jsonOption },
  details: [
    'A change on each line: set, delete or expire, and the key. With --json: {"type", "key"}. A line "resync", {"type": "resync"}',
    "with --json, says that changes may have been missed before it.",
  ].join("\n"),
  examples: ["shelflife watch --prefix session/", "shelflife watch --json --url https://store.example/"],
  async run(invocation) {
    const { world, options, isJson } = invocation;
    const signal = world.interrupted();
    await withStore(invocation, async (store) => {
      for await (const change of store.watch({ prefix: options.prefix, signal })) {
        const line = change.type === "resync" ? change.type : `${change.type} ${showKey(change.key)}`;
        await world.write(`${isJson ? JSON.stringify(change, ["type", "key"]) : line}\n`);
      }
      // That it ended is what the interrupt asked for, but not what a script may take for all there is.
      signal.throwIfAborted();
    });
    return exitCodes.done;
  },
};
