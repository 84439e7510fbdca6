import type { Hash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { quote, StoreError } from "../../core/error.ts";
import type { Invocation } from "../command.ts";
import { failure } from "./failure.ts";
import { findPosition, readFile } from "./findPosition.ts";
import { guardFiles } from "./guardFiles.ts";
import { createHash, createOutput, start, type Output } from "./output.ts";
import { createReplacement, type Replacement } from "./replacement.ts";

/**
 * Opens a file for an export: a new one, or with --resume one that an export was cut off in. Never one of those that the command
 * stands on.
 */
export async function openOutput(
  name: string,
  { flags, world }: Invocation,
  prefix: string,
  files: readonly string[],
): Promise<Output> {
  const { resolve } = await import("node:path");
  const path = resolve(world.folder, name);
  await guardFiles(path, name, files);
  const replacement = flags.overwrite ? await createReplacement(path, name) : undefined;
  const file = await openFile(replacement?.part ?? path, flags.resume ? "a+" : flags.overwrite ? "w" : "wx", name);
  try {
    const position = flags.resume ? await findPosition(path, name, prefix) : start;
    const hash = await createHash();
    if (!position.isWhole) {
      await file.truncate(position.endsAt);
      if (position.endsAt) await update(hash, path);
    }
    const write = (lines: string): Promise<void> =>
      file.appendFile(lines).catch((cause: unknown) => {
        throw failure(name, cause);
      });
    return createOutput(position, hash, write, (hasEnd) => keep(file, name, replacement, hasEnd));
  } catch (error) {
    await file.close();
    await replacement?.clear();
    throw error;
  }
}

async function openFile(path: string, flag: string, name: string): Promise<FileHandle> {
  const { open } = await import("node:fs/promises");
  try {
    return await open(path, flag, 0o600);
  } catch (cause) {
    if ((cause as { code?: string }).code !== "EEXIST") throw failure(name, cause);
    const expected = "expected a new file, --resume to go on with it, or --overwrite";
    throw new StoreError("invalid-argument", `Cannot export to ${quote(name)}: ${expected}`);
  }
}

async function update(hash: Hash, path: string): Promise<void> {
  for await (const chunk of await readFile(path)) hash.update(chunk);
}

/** Closes the file when it is on the disk. One that is whole takes its place then. */
async function keep(
  file: FileHandle,
  name: string,
  replacement: Replacement | undefined,
  hasEnd: boolean,
): Promise<void> {
  try {
    try {
      await file.sync();
    } finally {
      await file.close();
    }
    if (hasEnd) await replacement?.replace();
  } catch (cause) {
    throw failure(name, cause);
  } finally {
    await replacement?.clear();
  }
}
