import type { World } from "../world.ts";

/** Shows how far an export or an import has come, to a person who watches. */
export interface Progress {
  show(entries: number, bytes: number): void;
  /** Takes away what was shown. */
  end(): void;
}

// How often what is shown changes: ms.
const interval = 200;

/** Returns what shows progress on a terminal, and nothing anywhere else. */
export function createProgress({ isWatched, report, now }: World, verb: string): Progress {
  let shownAt = -Infinity;
  let width = 0;
  return {
    show(entries, bytes) {
      if (!isWatched || now() - shownAt < interval) return;
      shownAt = now();
      const text = `${verb} ${entries.toLocaleString("en")} entries, ${(bytes / 1e6).toFixed(1)} MB`;
      report(`\r${text.padEnd(width)}`);
      width = text.length;
    },
    end() {
      if (width) report(`\r${" ".repeat(width)}\r`);
      width = 0;
    },
  };
}
