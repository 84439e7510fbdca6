import type { Listed } from "../../core/contract.ts";
import { StoreError } from "../../core/error.ts";
import { exitCodes, jsonOption, type Command, type Given, type Option } from "../command.ts";
import { writeDuration } from "../config/duration.ts";
import { showKey } from "./line.ts";
import { chooseStore, createBackends, storeOptions, withStore } from "../config/openStore.ts";

const prefixOption: Option = { type: "string", value: "TEXT", help: "only keys that begin with it" };
const pageSize = 1000;

export const listCommand: Command = {
  name: "list",
  summary: "list the keys, on a terminal with sizes and lifetimes",
  words: "",
  least: 0,
  most: 0,
  options: {
    ...storeOptions,
    prefix: prefixOption,
    limit: { type: "string", value: "N", help: "how many at most" },
    json: jsonOption,
  },
  details: `A key on each line. One with control characters, or that begins with a quote, is shown as a JSON string. With
--json: {"key", "expiresAt", "size"} on each line; expiresAt is in epoch ms, and absent for never.`,
  examples: ["shelflife list --prefix session/ --limit 20", "shelflife list --json | jq -r .key"],
  async run(given) {
    const limit = readLimit(given.options.limit);
    const { prefix } = given.options;
    await withStore(given, async (store) => {
      let cursor: string | undefined;
      let left = limit;
      let isFirst = true;
      do {
        const page = await store.list({ prefix, limit: Math.min(left, pageSize), cursor });
        left -= page.entries.length;
        await given.world.write(show(page.entries, given, isFirst));
        isFirst = false;
        cursor = page.cursor;
      } while (cursor !== undefined && left > 0);
    });
    return exitCodes.done;
  },
};

export const watchCommand: Command = {
  name: "watch",
  summary: "tell of each change, until it is interrupted",
  words: "",
  least: 0,
  most: 0,
  options: { ...storeOptions, prefix: prefixOption, json: jsonOption },
  details: 'A change on each line: set, delete or expire, and the key. With --json: {"type", "key"}.',
  examples: ["shelflife watch --prefix session/", "shelflife watch --json --url https://store.example/"],
  async run(given) {
    const { world, isJson } = given;
    const signal = world.interrupted();
    await withStore(given, async (store) => {
      for await (const { type, key } of store.watch({ prefix: given.options.prefix, signal })) {
        await world.write(isJson ? `${JSON.stringify({ type, key })}\n` : `${type} ${showKey(key)}\n`);
      }
    });
    return exitCodes.done;
  },
};

export const methodsCommand: Command = {
  name: "methods",
  summary: "list the backends that a store can be opened with",
  words: "",
  least: 0,
  most: 0,
  options: { config: storeOptions.config!, json: jsonOption },
  examples: ["shelflife methods", "shelflife methods --config shelflife.yaml"],
  async run(given) {
    const registry = createBackends();
    // A configuration may bring some of its own.
    await chooseStore(given, registry);
    const names = registry.methods();
    await given.world.write(given.isJson ? `${JSON.stringify(names)}\n` : names.map((name) => `${name}\n`).join(""));
    return exitCodes.done;
  },
};

function readLimit(text: string | undefined): number {
  if (text === undefined) return Infinity;
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new StoreError("invalid-argument", `Invalid --limit: expected a positive integer, got ${JSON.stringify(text)}`);
}

function show(entries: readonly Listed[], { world, isJson }: Given, isFirst: boolean): string {
  const lines = (line: (entry: Listed) => string): string => entries.map((each) => `${line(each)}\n`).join("");
  if (isJson) {
    return lines(({ key, size, expiresAt }) =>
      JSON.stringify({ key, ...(expiresAt !== Infinity && { expiresAt }), ...(size !== undefined && { size }) }),
    );
  }
  if (!world.isTerminal) return lines(({ key }) => showKey(key));
  const rows = entries.map(({ key, size, expiresAt }) => [
    showKey(key),
    size === undefined ? "" : String(size),
    expiresAt === Infinity ? "never" : `in ${writeDuration(Math.max(0, expiresAt - world.now()))}`,
  ]);
  const heads = ["KEY", "BYTES", "EXPIRES"];
  const [keys, sizes] = [0, 1].map((column) => Math.max(...[heads, ...rows].map((row) => row[column]!.length)));
  const line = ([key, size, expires]: readonly string[]): string =>
    `${key!.padEnd(keys!)}  ${size!.padStart(sizes!)}  ${expires}\n`;
  const head = world.hasColors ? `\u001b[1m${line(heads).slice(0, -1)}\u001b[0m\n` : line(heads);
  return (isFirst ? head : "") + rows.map(line).join("");
}
