import type { Store } from "../../core/contract.ts";
import { isStoreError, StoreError } from "../../core/error.ts";
import { migrate, type Migrated } from "../../over/migrate.ts";
import { exitCodes, jsonOption, type Command, type Invocation } from "../command.ts";
import { openInput, type Input } from "../exportFile/openInput.ts";
import { createProgress } from "../exportFile/progress.ts";
import { readExport } from "../exportFile/readExport.ts";
import { createSource, type Source } from "../exportFile/source.ts";
import { storeOptions, withStore } from "../store.ts";
import { Interruption } from "../world.ts";

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
  details: `Reads a file or what comes in, first to its end: of an export that was cut, has a damaged line or another checksum
than it should, nothing is written, and the line is named. What comes in is kept meanwhile, beyond 16 MiB in a temporary
file (TMPDIR). With --skip-damaged whatever can be read is written as it comes, and what was wrong is reported.
A value that the store has under the same key stays, unless --overwrite is given, so that an import can be run again after
it was interrupted, and goes on. Each entry gets what is left of its time by this machine's clock; what has expired since
is left out. The counts are written at the end, whatever ends it.`,
  examples: [
    "shelflife import backup.jsonl --check",
    "shelflife import backup.jsonl --config shelflife.yaml",
    "shelflife export --url https://old.example/ | shelflife import --url https://new.example/",
  ],
  async run(invocation) {
    const { flags, world, isJson, words } = invocation;
    const signal = world.interrupted();
    const isVerified = !flags.check && !flags["skip-damaged"];
    const input = await openInput(words[0], world, isVerified);
    const so: Course = { source: undefined, written: nothing };
    let failure: { readonly error: unknown } | undefined;
    try {
      if (flags.check) await readThrough(input, so, invocation, signal);
      else {
        await withStore(invocation, async (store) => {
          if (isVerified) await verify(input, so, invocation, signal);
          await writeAll(isVerified ? input.again() : input.first(signal), so, store, invocation, signal);
        });
      }
    } catch (error) {
      failure = { error };
    } finally {
      await input.close();
    }
    if (so.source) {
      const counted = countsOf(so.source, so.written, flags.check);
      const shown = Object.entries(counted).map(([name, count]) => `${count} ${name}`);
      const writing = world.write(isJson ? `${JSON.stringify(counted)}\n` : `${shown.join(", ")}\n`);
      await writing.catch((error: unknown) => (failure ??= { error }));
    }
    if (failure) throw failure.error;
    return exitCodes.done;
  },
};

/** How far an import has come. */
interface Course {
  /** What is read, once that has begun. */
  source: Source | undefined;
  written: Migrated;
}

const nothing: Migrated = { copied: 0, present: 0, kept: 0, removed: 0, skipped: 0, unreadable: 0, bytes: 0 };

function countsOf(
  { counts }: Source,
  { copied, present, kept, bytes }: Migrated,
  isCheck: boolean | undefined,
): object {
  const { entries, expired, damaged, leftOut } = counts;
  return { entries, ...(!isCheck && { copied, present: present + leftOut, kept }), expired, damaged, bytes };
}

function openSource(chunks: AsyncIterable<Uint8Array>, { flags, world }: Invocation): Source {
  return createSource(readExport(chunks), {
    now: world.now,
    ...(flags["skip-damaged"] && { onDamage: (message) => world.report(`${message}: left out\n`) }),
  });
}

/** Reads an export to its end, and writes nothing. Rejects `cant-decode` unless it is whole. */
async function readThrough(input: Input, so: Course, invocation: Invocation, signal: AbortSignal): Promise<void> {
  const source = (so.source = openSource(input.first(signal), invocation));
  const progress = createProgress(invocation.world, "Checked");
  try {
    let hasMore = true;
    let bytes = 0;
    while (hasMore) {
      const page = await source.list();
      for (const { size = 0 } of page.entries) bytes += size;
      if (invocation.flags.check) so.written = { ...nothing, bytes };
      progress.show(source.counts.entries, bytes);
      hasMore = page.cursor !== undefined;
    }
    source.checkEnd();
  } finally {
    progress.end();
  }
}

/** Reads an export before anything of it is written. */
async function verify(input: Input, so: Course, invocation: Invocation, signal: AbortSignal): Promise<void> {
  try {
    await readThrough(input, so, invocation, signal);
  } catch (error) {
    if (error instanceof Interruption) invocation.world.report("Interrupted before anything was written\n");
    if (!isStoreError(error, "cant-decode")) throw error;
    const message = `${error.message}: nothing was written, --skip-damaged takes what can be read`;
    throw new StoreError("cant-decode", message, { cause: error });
  }
}

async function writeAll(
  chunks: AsyncIterable<Uint8Array>,
  so: Course,
  store: Store,
  invocation: Invocation,
  signal: AbortSignal,
): Promise<void> {
  const { flags, world } = invocation;
  const { overwrite, resume } = flags;
  const progress = createProgress(world, "Imported");
  const source = (so.source = openSource(chunks, invocation));
  if (resume) source.leaveOut((keys) => Promise.all(keys.map((key) => store.entry(key, { signal }))));
  try {
    so.written = await migrate(source, store, {
      signal,
      overwrite,
      now: world.now,
      onProgress: (written) => progress.show(source.counts.entries, (so.written = written).bytes),
    });
    source.checkEnd();
  } catch (error) {
    if (error instanceof Interruption) {
      progress.end();
      const done = `${source.counts.entries} entries, ${so.written.bytes} bytes written`;
      world.report(`Interrupted after ${done}: run it again to go on\n`);
    }
    throw error;
  } finally {
    progress.end();
  }
}
