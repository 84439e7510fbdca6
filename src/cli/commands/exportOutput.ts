import type { Hash } from "node:crypto";
import type { Stats } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { isStoreError, quote, StoreError } from "../../core/error.ts";
import type { Given } from "../command.ts";
import { readExport, writeEnd } from "./exportFormat.ts";
import { reasonOf } from "../reasonOf.ts";
import type { World } from "../world.ts";

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
  /** Resolves when it is kept. What should replace a file and has no end leaves that as it was. */
  close(): Promise<void>;
}

/** Returns the output of the command. */
export async function writeOutput(world: World): Promise<Output> {
  const write = (lines: string): Promise<void> => world.write(lines);
  return createOutput(nothing, await createHash(), write);
}

function createOutput(
  begun: Begun,
  hash: Hash,
  write: (lines: string) => Promise<void>,
  close: (hasEnd: boolean) => Promise<void> = () => Promise.resolve(),
): Output {
  let hasEnd = false;
  const output: Output = {
    ...begun,
    async write(lines) {
      hash.update(lines);
      if (lines) await write(lines);
    },
    async end() {
      await write(writeEnd(output.count, hash));
      hasEnd = true;
    },
    close: () => close(hasEnd),
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
  const kept = flags.overwrite ? await findKept(path, name) : undefined;
  let file: FileHandle;
  try {
    file = await open(kept?.part ?? path, flags.resume ? "a+" : flags.overwrite ? "w" : "wx", 0o600);
  } catch (cause) {
    if ((cause as { code?: string }).code === "EEXIST") {
      const expected = "expected a new file, --resume to go on with it, or --overwrite";
      throw new StoreError("invalid-argument", `Cannot export to ${quote(name)}: ${expected}`);
    }
    throw failure(name, cause);
  }
  try {
    const hash = await createHash();
    const begun = flags.resume ? await findEnd(path, name, prefix) : nothing;
    if (!begun.isWhole) {
      await file.truncate(begun.endsAt);
      if (begun.endsAt) for await (const chunk of await readFile(path)) hash.update(chunk);
    }
    const write = (lines: string): Promise<void> =>
      file.appendFile(lines).catch((cause: unknown) => {
        throw failure(name, cause);
      });
    return createOutput(begun, hash, write, async (hasEnd) => {
      try {
        try {
          await file.sync();
        } finally {
          await file.close();
        }
        if (hasEnd) await kept?.replace();
      } catch (cause) {
        throw failure(name, cause);
      } finally {
        await kept?.clear();
      }
    });
  } catch (error) {
    await file.close();
    await kept?.clear();
    throw error;
  }
}

/** A file that stays until what replaces it is whole. */
interface Kept {
  /** Where that is written meanwhile. */
  readonly part: string;
  /** Puts it into the place of the file, for the same users. */
  replace(): Promise<void>;
  /** Removes what is left of it. */
  clear(): Promise<void>;
}

/** Finds the file that an export is to replace, if there is one: the one that a link leads to. */
async function findKept(path: string, name: string): Promise<Kept | undefined> {
  const { chmod, chown, realpath, rename, rm, stat } = await import("node:fs/promises");
  let target: string;
  let known: Stats;
  try {
    target = await realpath(path);
    known = await stat(target);
  } catch (cause) {
    if ((cause as { code?: string }).code === "ENOENT") return undefined;
    throw failure(name, cause);
  }
  if (!known.isFile()) throw new StoreError("invalid-argument", `Cannot export to ${quote(name)}: expected a file`);
  const part = `${target}.${crypto.randomUUID().slice(0, 8)}.part`;
  return {
    part,
    async replace() {
      // Who may not give a file away keeps the new one.
      await chown(part, known.uid, known.gid).catch(() => {});
      await chmod(part, known.mode & 0o777);
      await rename(part, target);
    },
    clear: () => rm(part, { force: true }),
  };
}

function failure(name: string, cause: unknown): StoreError {
  return new StoreError("unavailable", `Cannot export to ${quote(name)}: ${reasonOf(cause)}`, { cause });
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
