import type { Hash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { isStoreError, quote, StoreError } from "../core/error.ts";
import type { Given } from "./command.ts";
import { readExport, writeEnd } from "./exportFormat.ts";
import { reasonOf } from "./_reasonOf.ts";
import type { World } from "./world.ts";

/** Where an export goes. */
export interface Output {
  /** How many entries it has. */
  count: number;
  /** Where the export goes on, if it had begun. */
  readonly cursor: string | undefined;
  /** Whether there is nothing left to do. */
  readonly isWhole: boolean;
  /** Writes lines; resolves when they are taken. */
  write(lines: string): Promise<void>;
  /** Writes the line that says that it is whole. */
  end(): Promise<void>;
  close(): Promise<void>;
}

/** Returns the output of the command. */
export async function writeOutput(world: World): Promise<Output> {
  const write = (lines: string): Promise<void> => world.write(lines);
  return createOutput(nothing, await createHash(), write, () => Promise.resolve());
}

function createOutput(
  begun: Begun,
  hash: Hash,
  write: (lines: string) => Promise<void>,
  close: () => Promise<void>,
): Output {
  // prettier-ignore
  const output: Output = {
    ...begun,
    async write(lines) {
      hash.update(lines);
      if (lines) await write(lines);
    },
    end: () => write(writeEnd(output.count, hash)),
    close,
  };
  return output;
}

interface Begun {
  readonly cursor: string | undefined;
  readonly count: number;
  /** How much of the file counts: bytes. */
  readonly endsAt: number;
  readonly isWhole: boolean;
}

const nothing: Begun = { cursor: undefined, count: 0, endsAt: 0, isWhole: false };

/** Opens a file for an export: a new one, or with --resume one that an export was cut off in. */
export async function openOutput(name: string, { flags, world }: Given, prefix: string): Promise<Output> {
  const { open } = await import("node:fs/promises");
  const { resolve } = await import("node:path");
  const path = resolve(world.folder, name);
  let file: FileHandle;
  try {
    file = await open(path, flags.resume ? "a+" : flags.overwrite ? "w" : "wx", 0o600);
  } catch (cause) {
    if ((cause as { code?: string }).code === "EEXIST") {
      const expected = "expected a new file, --resume to go on with it, or --overwrite";
      throw new StoreError("invalid-argument", `Cannot export to ${quote(name)}: ${expected}`);
    }
    throw new StoreError("unavailable", `Cannot export to ${quote(name)}: ${reasonOf(cause)}`, { cause });
  }
  try {
    const hash = await createHash();
    const begun = flags.resume ? await findEnd(path, name, prefix) : nothing;
    if (!begun.isWhole) {
      await file.truncate(begun.endsAt);
      if (begun.endsAt) for await (const chunk of await readFile(path)) hash.update(chunk);
    }
    const write = (lines: string): Promise<void> =>
      file.appendFile(lines).catch((cause: Error) => {
        throw new StoreError("unavailable", `Cannot export to ${quote(name)}: ${reasonOf(cause)}`, { cause });
      });
    return createOutput(begun, hash, write, async () => {
      await file.sync();
      await file.close();
    });
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Finds the last mark of an export before anything that is damaged. */
async function findEnd(path: string, name: string, prefix: string): Promise<Begun> {
  let last = nothing;
  let count = 0;
  let isBegun = false;
  try {
    const header = (found: { prefix: string }): void => {
      isBegun = true;
      if (found.prefix === prefix) return;
      const message = `Cannot resume ${quote(name)}: expected --prefix ${quote(found.prefix)}, got ${quote(prefix)}`;
      throw new StoreError("invalid-argument", message);
    };
    for await (const item of readExport(await readFile(path), header)) {
      if (item.kind === "damage") break;
      if (item.kind === "entry") count++;
      if (item.kind === "mark") last = { cursor: item.cursor, count, endsAt: item.endsAt, isWhole: false };
      if (item.kind === "end" && item.isWhole) return { ...nothing, count, isWhole: true };
    }
  } catch (error) {
    if (isBegun || !isStoreError(error, "cant-decode")) throw error;
    // Cut off in its first line, or empty. Any other file is not ours to replace.
    const { stat } = await import("node:fs/promises");
    const { size } = await stat(path);
    if (size > 0 && !(await isCutHeader(path))) throw error;
  }
  return last;
}

async function isCutHeader(path: string): Promise<boolean> {
  let text = "";
  for await (const chunk of await readFile(path)) text += new TextDecoder().decode(chunk);
  return '{"shelflife":"export"'.startsWith(text.slice(0, 21)) && !text.includes("\n");
}

async function readFile(path: string): Promise<AsyncIterable<Uint8Array>> {
  const { createReadStream } = await import("node:fs");
  return createReadStream(path) as AsyncIterable<Uint8Array>;
}

async function createHash(): Promise<Hash> {
  return (await import("node:crypto")).createHash("sha256");
}
