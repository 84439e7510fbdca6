import type { TextStorage } from "./textStorage.ts";

// A tab may go away in the middle of a write of several items: its process is ended, or Firefox stops the script of a tab that
// is closed. So what lies under them is put aside before, in one item, and that is removed when all is written. The next writer
// brings back what it finds there.

/** Where what was there is kept. No store may have it among its own keys. */
export const undoName = "~shelflife-undo";

/** An item as it was, `null` for none. */
export type OldItem = readonly [name: string, item: string | null];

type UndoStorage = Pick<TextStorage, "getItem" | "setItem" | "removeItem">;

/** What was there before a write that is not over. */
export interface Undo {
  /** Puts aside what is there. Where there is no room for that, a write goes without. */
  keep(items: readonly OldItem[]): void;
  /** Forgets it, and returns whether there was something. */
  drop(): boolean;
  /** Brings back what a context that went away has left, unless others wrote since. */
  recover(): void;
}

/** Returns what undoes writes to a Storage. `look` returns the number of the last write there. */
export function createUndo(open: () => UndoStorage, look: () => number): Undo {
  let isKept = false;

  function drop(): boolean {
    if (!isKept) return false;
    isKept = false;
    open().removeItem(undoName);
    return true;
  }

  return {
    keep(items) {
      try {
        open().setItem(undoName, JSON.stringify([look(), items]));
        isKept = true;
      } catch {
        // There is room for what is written, or there is not: that is found out next.
      }
    },
    drop,
    recover() {
      const storage = open();
      const kept = storage.getItem(undoName);
      if (kept === null) return;
      const [number, items] = parse(kept);
      const isLast = number === look();
      // What goes makes room for what comes.
      const inOrder = [...items].sort(([, a], [, b]) => Number(a !== null) - Number(b !== null));
      const rest = isLast ? inOrder.filter((item) => !put(storage, item)) : [];
      storage.removeItem(undoName);
      for (const item of rest) put(storage, item);
    },
  };
}

/** Brings an item back, and returns whether there was room for it. */
function put(storage: UndoStorage, [name, item]: OldItem): boolean {
  try {
    if (item === null) storage.removeItem(name);
    else storage.setItem(name, item);
    return true;
  } catch {
    return false;
  }
}

/** Reads what was kept. The page may have written anything in its place. */
function parse(kept: string): readonly [number: number, items: readonly OldItem[]] {
  try {
    const [number, items] = JSON.parse(kept);
    const isItem = (each: any): boolean =>
      typeof each[0] === "string" && (each[1] === null || typeof each[1] === "string");
    if (Array.isArray(items) && items.every(isItem)) return [number, items];
  } catch {
    // Nothing that could be brought back.
  }
  return [NaN, []];
}
