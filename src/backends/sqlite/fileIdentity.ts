import { fileSystemFor, type FileSystem } from "./fileSystem.ts";

/** What can become of a file while it is open. */
export type Displacement = "gone" | "replaced" | "without its journal";

/** Which file it was that a client has opened. */
export interface FileIdentity {
  /** What has become of it since, or `undefined` while its name still leads to it. */
  displacement(): Displacement | undefined;
  /** Removes the journal that it left beside a name that leads to it no more: SQLite would apply it to the next file there. */
  removeJournal(): void;
}

/** Whether there is a file; `true` too where the runtime cannot say. */
export function isThere(path: string): boolean {
  return fileSystemFor(path)?.existsSync(path) ?? true;
}

/**
 * Makes a file that only its owner can read and write, unless there is one. SQLite gives the journal and what goes with it the
 * same mode. What stands in the way, SQLite will say.
 */
export function makeFile(path: string): void {
  const files = fileSystemFor(path);
  if (!files || files.existsSync(path)) return;
  try {
    // A file that is there would lose the locks that this process holds on it when this is closed.
    files.closeSync(files.openSync(path, "a", 0o600));
  } catch {
    // There is no such folder, or it is not this user's.
  }
}

/** Returns the identity of a file that has just been opened, or `undefined` where the runtime cannot say. */
export function identify(path: string): FileIdentity | undefined {
  const files = fileSystemFor(path);
  const found = files && inode(files, path);
  if (!files || !found) return undefined;
  // Beside a file of that name, wherever links lead from.
  const target = files.realpathSync(path);
  const journal = `${target}-wal`;
  const journals = fileSystemFor(journal);
  const foundJournal = journals && inode(journals, journal);

  return {
    displacement() {
      const now = inode(files, path);
      if (now !== found) return now === undefined ? undefined : now === "" ? "gone" : "replaced";
      const isSame = !foundJournal || [foundJournal, undefined].includes(inode(journals, journal));
      return isSame ? undefined : "without its journal";
    },
    removeJournal() {
      if (!foundJournal || inode(files, target) === found || inode(journals, journal) !== foundJournal) return;
      try {
        files.unlinkSync(journal);
        files.unlinkSync(`${target}-shm`);
      } catch {
        // Another process was faster, or on this system what is open cannot be removed.
      }
    },
  };
}

/** The number of a file on its disk, which a copy has another of; `undefined` where the runtime cannot say. */
export function inodeOf(path: string): string | undefined {
  const files = fileSystemFor(path);
  return (files && inode(files, path))?.split(":")[1];
}

/** What a file is on its disk; "" if there is none, `undefined` if that cannot be found out. */
function inode(files: FileSystem, path: string): string | undefined {
  try {
    const { dev, ino } = files.statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch (error) {
    return ["ENOENT", "ENOTDIR"].includes((error as { code: string }).code) ? "" : undefined;
  }
}
