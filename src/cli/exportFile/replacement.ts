import type { Stats } from "node:fs";
import { quote, StoreError } from "../../core/error.ts";
import { failure } from "./failure.ts";

/** A file in the making that takes the place of another when it is whole. Until then that one stays. */
export interface Replacement {
  /** Where it is written meanwhile. */
  readonly part: string;
  /** Puts it into the place of the other, for the same users. */
  replace(): Promise<void>;
  /** Removes what is left of it. */
  clear(): Promise<void>;
}

/** Returns the replacement of the file that is there, if there is one: the one that a link leads to. */
export async function createReplacement(path: string, name: string): Promise<Replacement | undefined> {
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
      // A user who may not give a file away keeps the new one.
      await chown(part, known.uid, known.gid).catch(() => {});
      await chmod(part, known.mode & 0o777);
      await rename(part, target);
    },
    clear: () => rm(part, { force: true }),
  };
}
