import type { Store } from "../../core/contract.ts";
import { quote, StoreError } from "../../core/error.ts";
import { migrate, type Migrated } from "../../over/migrate.ts";
import { exitCodes, jsonOption, type Command, type Invocation } from "../command.ts";
import { createProgress } from "../exportFile/progress.ts";
import { readExport } from "../exportFile/readExport.ts";
import { createSource, type Source } from "../exportFile/source.ts";
import { reasonOf } from "../reasonOf.ts";
import { storeOptions, withStore } from "../store.ts";
import { Interruption, type World } from "../world.ts";

/** Writes the entries of an export into a store. */
export const importCommand: Command = {
  name: "import",
  summary: "write what was exported, and what is left of its time",
  words: "[FILE]",
  options: {
    ...storeOptions,
    overwrite: { type: "boolean", help: "replace the values that the store has under the same keys" },
    resume: { type: "boolean", help: "look first what the store has: quicker where that is much" },
    check: { type: "boolean", help: "read it to its end, and write nothing" },
    "skip-damaged": { type: "boolean", help: "leave out, and report, the lines that are damaged" },
    json: jsonOption,
  },
  details: `Reads a file or what comes in. A value that the store has under the same key stays, unless --overwrite is given, so
that an import can be run again after it was cut off, and goes on. Each entry gets what is left of its time by this
machine's clock; what has expired since is left out. A damaged line stops it, with its number; so does, at the end,
an export that was cut or has another checksum than it should. What was read until then is in the store.`,
  examples: [
    "shelflife import backup.jsonl --check",
    "shelflife import backup.jsonl --config shelflife.yaml",
    "shelflife export --url https://old.example/ | shelflife import --url https://new.example/",
  ],
  async run(invocation) {
    const { flags, world, isJson, words } = invocation;
    const signal = world.interrupted();
    const source = createSource(readExport(await readInput(words[0], world)), {
      now: world.now,
      ...(flags["skip-damaged"] && { onDamage: (message) => world.report(`${message}: left out\n`) }),
    });
    const done = flags.check
      ? await readThrough(source, signal)
      : await withStore(invocation, (store) => writeAll(source, store, invocation, signal));
    source.checkEnd();

    const { copied, present, kept, bytes } = done;
    const { entries, expired, damaged } = source.counts;
    const counts = { entries, ...(!flags.check && { copied, present, kept }), expired, damaged, bytes };
    const shown = Object.entries(counts).map(([name, count]) => `${count} ${name}`);
    await world.write(isJson ? `${JSON.stringify(counts)}\n` : `${shown.join(", ")}\n`);
    return exitCodes.done;
  },
};

async function readThrough(source: Source, signal: AbortSignal): Promise<Migrated> {
  const done: Migrated = { copied: 0, present: 0, kept: 0, removed: 0, unreadable: 0, bytes: 0 };
  for (;;) {
    signal.throwIfAborted();
    const page = await source.list();
    for (const { size = 0 } of page.entries) done.bytes += size;
    if (page.cursor === undefined) return done;
  }
}

async function writeAll(
  source: Source,
  store: Store,
  { flags, world }: Invocation,
  signal: AbortSignal,
): Promise<Migrated> {
  const { overwrite, resume } = flags;
  const progress = createProgress(world, "Imported");
  let bytes = 0;
  if (resume) source.leaveOut((keys) => Promise.all(keys.map((key) => store.entry(key, { signal }))));
  try {
    const done = await migrate(source, store, {
      signal,
      overwrite,
      now: world.now,
      onProgress: (so) => progress.show(source.counts.entries, (bytes = so.bytes)),
    });
    return { ...done, present: done.present + source.counts.leftOut };
  } catch (error) {
    if (error instanceof Interruption) {
      progress.end();
      world.report(
        `Interrupted after ${source.counts.entries} entries, ${bytes} bytes written: run it again to go on\n`,
      );
    }
    throw error;
  } finally {
    progress.end();
  }
}

async function readInput(name: string | undefined, world: World): Promise<AsyncIterable<Uint8Array>> {
  if (name === undefined) return world.input();
  const { open } = await import("node:fs/promises");
  const { resolve } = await import("node:path");
  const file = await open(resolve(world.folder, name)).catch((cause: Error) => {
    throw new StoreError("unavailable", `Cannot import ${quote(name)}: ${reasonOf(cause)}`, { cause });
  });
  return file.createReadStream() as AsyncIterable<Uint8Array>;
}
