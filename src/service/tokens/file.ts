import { StoreError } from "../../core/error.ts";
import { readTokenLines, type Problem, type TokenLine } from "./line.ts";

// A file that is younger than this may be written again without its time showing it: ms.
const unsettled = 2000;

/** The file that tokens are kept in. */
export interface TokenFile {
  /**
   * Reads it as it is now. Throws `bad-config` with the line and column of every problem, and for one that had tokens and has
   * nothing at all any more: that is what a tool leaves that fails halfway. A comment says that nobody is meant.
   */
  read(): readonly TokenLine[];
  /** Whether it may be another one than when it was read. */
  hasChanged(): boolean;
  /** Whether others may write it, as far as the system knows. */
  isWritableByOthers(): boolean;
}

/** What the next look at the file compares. */
interface Version {
  readonly stamp: string;
  readonly isSettled: boolean;
}

/** Returns the file at a path, by `node:fs`. */
export function createTokenFile(path: string, { readFileSync, statSync }: typeof import("node:fs")): TokenFile {
  let version: Version | undefined;
  let hadTokens = false;

  function look(): Version {
    const { ino, size, mtimeMs, mode } = statSync(path);
    // The time of a file is the system's, whatever clock tokens expire by.
    return { stamp: `${ino} ${size} ${mtimeMs} ${mode}`, isSettled: Date.now() - mtimeMs >= unsettled };
  }

  return {
    read() {
      version = undefined;
      let text: string;
      try {
        // Looked at first: what is written meanwhile makes it another one.
        const seen = look();
        text = readFileSync(path, "utf8");
        version = seen;
      } catch (cause) {
        const expected = "expected a file that can be read";
        throw new StoreError("bad-config", `Cannot read tokens ${JSON.stringify(path)}: ${expected}`, { cause });
      }
      const { lines, problems } = readTokenLines(text);
      if (problems.length) {
        throw new StoreError(
          "bad-config",
          `Cannot read tokens ${JSON.stringify(path)}: ${problems.map(show).join("; ")}`,
        );
      }
      if (hadTokens && !text.trim()) {
        const expected = "expected tokens, or a line that begins with # to let nobody in";
        throw new StoreError(
          "bad-config",
          `Cannot read tokens ${JSON.stringify(path)}: ${expected}, got an empty file`,
        );
      }
      hadTokens ||= lines.length > 0;
      return lines;
    },
    hasChanged() {
      try {
        return !version?.isSettled || look().stamp !== version.stamp;
      } catch {
        return true;
      }
    },
    isWritableByOthers() {
      const stats = statSync(path, { throwIfNoEntry: false });
      return globalThis.process?.platform !== "win32" && ((stats?.mode ?? 0) & 0o022) !== 0;
    },
  };
}

function show({ line, column, expected }: Problem): string {
  return `line ${line}, column ${column}: expected ${expected}`;
}
