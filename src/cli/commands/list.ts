import type { Listed } from "../../core/contract.ts";
import { StoreError } from "../../core/error.ts";
import { exitCodes, jsonOption, prefixOption, type Command, type Invocation } from "../command.ts";
import { writeDuration } from "../duration.ts";
import { showKey } from "../entryLine.ts";
import { storeOptions, withStore } from "../store.ts";

const pageSize = 1000;

/** Lists keys: one a line, as JSON, or as a table on a terminal. */
export const listCommand: Command = {
  name: "list",
  summary: "list the keys, on a terminal with sizes and lifetimes",
  options: {
    ...storeOptions,
    prefix: prefixOption,
    limit: { type: "string", value: "N", help: "how many at most" },
    json: jsonOption,
  },
  details: `A key on each line. One with control characters, or that begins with a quote, is shown as a JSON string. With
--json: {"key", "expiresAt", "size"} on each line; expiresAt is in epoch ms, and absent for never.`,
  examples: ["shelflife list --prefix session/ --limit 20", "shelflife list --json | jq -r .key"],
  async run(invocation) {
    const { world, options } = invocation;
    const limit = readLimit(options.limit);
    const { prefix } = options;
    await withStore(invocation, async (store) => {
      let cursor: string | undefined;
      let left = limit;
      let isFirst = true;
      do {
        const page = await store.list({ prefix, limit: Math.min(left, pageSize), cursor });
        left -= page.entries.length;
        await world.write(show(page.entries, invocation, isFirst));
        isFirst = false;
        cursor = page.cursor;
      } while (cursor !== undefined && left > 0);
    });
    return exitCodes.done;
  },
};

function readLimit(text: string | undefined): number {
  if (text === undefined) return Infinity;
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new StoreError("invalid-argument", `Invalid --limit: expected a positive integer, got ${JSON.stringify(text)}`);
}

function show(entries: readonly Listed[], { world, isJson }: Invocation, isFirst: boolean): string {
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
  const [keys, sizes] = [0, 1].map((column) =>
    [heads, ...rows].reduce((width, row) => Math.max(width, row[column]!.length), 0),
  );
  const line = ([key, size, expires]: readonly string[]): string =>
    `${key!.padEnd(keys!)}  ${size!.padStart(sizes!)}  ${expires}\n`;
  const head = world.hasColors ? `\u001b[1m${line(heads).slice(0, -1)}\u001b[0m\n` : line(heads);
  return (isFirst ? head : "") + rows.map(line).join("");
}
