import { quote, StoreError } from "../../core/error.ts";
import { requestsEnding } from "../serving/requestsBeside.ts";

// What SQLite keeps beside a file, and what a server does, beside which there is the same.
const companions = ["-wal", "-shm", "-journal", requestsEnding];

/**
 * Throws `invalid-argument` where an export would take the place of what a store stands on: one of the files, or folders, that
 * are given, any database of SQLite, and what SQLite and a server keep beside it.
 */
export async function guardFiles(path: string, name: string, files: readonly string[]): Promise<void> {
  const { isAbsolute, relative, sep } = await import("node:path");
  const target = await wholePath(path);
  const base = companions.reduce((rest, end) => (rest.endsWith(end) ? rest.slice(0, -end.length) : rest), target);
  for (const file of files) {
    const own = await wholePath(file);
    const below = relative(own, target);
    const isWithin = below.split(sep, 1)[0] !== ".." && !isAbsolute(below);
    if (isWithin || base === own || (await isSame(path, file))) throw refuse(name);
  }
  if ((await isDatabase(target)) || (base !== target && (await isDatabase(base)))) throw refuse(name);
}

function refuse(name: string): StoreError {
  const message = `Cannot export to ${quote(name)}: expected a file of its own, got one that a store stands on`;
  return new StoreError("invalid-argument", message);
}

/** Returns where a name leads to, also where there is no file yet. */
async function wholePath(path: string): Promise<string> {
  const { realpath } = await import("node:fs/promises");
  const { basename, dirname, join } = await import("node:path");
  try {
    return await realpath(path);
  } catch {
    const folder = dirname(path);
    return folder === path ? path : join(await wholePath(folder), basename(path));
  }
}

/** Whether two names are of one file, by whatever link. */
async function isSame(one: string, other: string): Promise<boolean> {
  const { stat } = await import("node:fs/promises");
  try {
    const [first, second] = await Promise.all([one, other].map((path) => stat(path, { bigint: true })));
    return first!.ino === second!.ino && first!.dev === second!.dev;
  } catch {
    return false;
  }
}

async function isDatabase(path: string): Promise<boolean> {
  const { open } = await import("node:fs/promises");
  const mark = "SQLite format 3\0";
  try {
    const file = await open(path);
    try {
      const { buffer } = await file.read(new Uint8Array(mark.length), 0, mark.length, 0);
      return new TextDecoder().decode(buffer) === mark;
    } finally {
      await file.close();
    }
  } catch {
    return false;
  }
}
