import type { Entry, Listed, Store } from "../../core/contract.ts";
import { isStoreError, StoreError } from "../../core/error.ts";
import { exitCodes, jsonOption, prefixOption, type Command, type Invocation } from "../command.ts";
import { toLine } from "../entryLine.ts";
import { writeHeader, writeMark } from "../exportFile/format.ts";
import { openOutput } from "../exportFile/openOutput.ts";
import { writeOutput, type Output } from "../exportFile/output.ts";
import { createProgress } from "../exportFile/progress.ts";
import { storeOptions, withStore } from "../store.ts";

// How many entries are listed at once. After them comes a mark from which an export can be resumed.
const pageSize = 200;
// What is in memory at once. Where a store does not know sizes, an entry is taken for a middling one.
const batchEntries = 100;
const batchBytes = 4 * 1024 * 1024;
const unknownBytes = 64 * 1024;

/** Writes the entries of a store as lines, to the output or into a file. */
export const exportCommand: Command = {
  name: "export",
  summary: "write all entries as lines, with their deadlines",
  options: {
    ...storeOptions,
    prefix: prefixOption,
    output: { type: "string", value: "FILE", help: "a file in place of the output, for its owner alone" },
    resume: { type: "boolean", help: "go on where the file ends; begins if there is none" },
    overwrite: { type: "boolean", help: "replace the file, as soon as the new export is whole" },
    "skip-damaged": { type: "boolean", help: "leave out, and report, what the store cannot decode" },
    json: jsonOption,
  },
  details: `Lines of JSON: a header with the version, an entry each ("text", or "base64" where a value is no UTF-8), marks from
which it can be resumed, and an end with the count and a checksum, so that a cut export does not pass for a whole one.
Deadlines are instants ("expiresAt", epoch ms, by this machine's clock): the time between export and import counts.
Entries are written as they are when their turn comes; the store may be in use. Interrupted, --resume goes on;
an --overwrite has left the older file as it was, and begins anew. No export replaces the configuration, the store's own file
or another database.`,
  examples: [
    "shelflife export --config old.yaml | shelflife import --config new.yaml",
    "shelflife export --output backup.jsonl --resume",
  ],
  async run(invocation) {
    const { options, flags, world, isJson } = invocation;
    const { output: file, prefix = "" } = options;
    if (file === undefined && (flags.resume || flags.overwrite || isJson)) {
      throw new StoreError("invalid-argument", "Cannot export: expected --output FILE with --resume, --overwrite or --json"); // prettier-ignore
    }
    if (flags.resume && flags.overwrite) {
      throw new StoreError("invalid-argument", "Cannot export: expected --resume or --overwrite, got both");
    }
    const signal = world.interrupted();
    const done = await withStore(invocation, async (store, files) => {
      // Before the file is touched: a store that cannot be read leaves an older export as it is.
      await store.list({ prefix, limit: 1, signal });
      const target = file === undefined ? await writeOutput(world) : await openOutput(file, invocation, prefix, files);
      try {
        if (!target.isWhole) await writeAll(store, target, invocation, signal);
        return { count: target.count, isWhole: target.isWhole };
      } finally {
        await target.close();
      }
    });
    if (isJson) await world.write(`${JSON.stringify({ entries: done.count })}\n`);
    else if (world.isWatched) world.report(`${done.isWhole ? "Was whole" : "Exported"}: ${done.count} entries\n`);
    return exitCodes.done;
  },
};

async function writeAll(store: Store, target: Output, invocation: Invocation, signal: AbortSignal): Promise<void> {
  const { prefix = "" } = invocation.options;
  const progress = createProgress(invocation.world, "Exported");
  let bytes = 0;
  let { cursor } = target;
  try {
    if (cursor === undefined) await target.write(writeHeader({ prefix }));
    do {
      const page = await store.list({ prefix, cursor, limit: pageSize, signal });
      for (const batch of split(page.entries)) {
        const found = await Promise.all(batch.map(({ key }) => read(store, key, invocation, signal)));
        const lines = found.flatMap((entry, index) =>
          entry ? [JSON.stringify(toLine(batch[index]!.key, entry))] : [],
        );
        await target.write(lines.map((line) => `${line}\n`).join(""));
        target.count += lines.length;
        bytes += found.reduce((sum, entry) => sum + (entry?.value.length ?? 0), 0);
        progress.show(target.count, bytes);
      }
      cursor = page.cursor;
      if (cursor !== undefined) await target.write(writeMark(cursor));
    } while (cursor !== undefined);
    await target.end();
  } finally {
    progress.end();
  }
}

async function read(
  store: Store,
  key: string,
  { flags, world }: Invocation,
  signal: AbortSignal,
): Promise<Entry | undefined> {
  try {
    return await store.entry(key, { signal });
  } catch (error) {
    if (!flags["skip-damaged"] || !isStoreError(error, "cant-decode")) throw error;
    world.report(`${error.message}: left out\n`);
    return undefined;
  }
}

function* split(entries: readonly Listed[]): Generator<Listed[]> {
  let batch: Listed[] = [];
  let bytes = 0;
  for (const entry of entries) {
    const { size = unknownBytes } = entry;
    if (batch.length === batchEntries || (batch.length && bytes + size > batchBytes)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(entry);
    bytes += size;
  }
  if (batch.length) yield batch;
}
