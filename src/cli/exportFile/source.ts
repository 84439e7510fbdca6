import type { Entry, Page, Store } from "../../core/contract.ts";
import { StoreError } from "../../core/error.ts";
import { equalBytes } from "../../core/value.ts";
import type { ExportItem } from "./format.ts";

/** An export as something to migrate from. Its pages are read once, in their order. */
export interface Source extends Pick<Store, "list" | "entry" | "update"> {
  readonly counts: {
    /** Read, whatever became of them. */
    entries: number;
    expired: number;
    damaged: number;
    /** Those that the target has. */
    leftOut: number;
  };
  /** From here on what the target has is left out of the pages. */
  leaveOut(look: (keys: readonly string[]) => Promise<(Entry | undefined)[]>): void;
  /** Throws `cant-decode` unless the export was whole. */
  checkEnd(): void;
}

/** What an import knows besides the export. */
export interface SourceOptions {
  now(): number;
  /** Gets a message for each damaged line, which is left out then. @default it stops the import */
  onDamage?(message: string): void;
}

// What is in memory at once.
const pageEntries = 100;
const pageBytes = 4 * 1024 * 1024;
// A deadline that travelled as a duration arrives a little off: ms.
const slack = 1000;

/** Returns what reads an export page by page. */
export function createSource(items: AsyncGenerator<ExportItem>, { now, onDamage }: SourceOptions): Source {
  const counts = { entries: 0, expired: 0, damaged: 0, leftOut: 0 };
  let page = new Map<string, Entry>();
  // Read already, but not of this page.
  let waiting: ExportItem | undefined;
  let end: Extract<ExportItem, { kind: "end" }> | undefined;
  let look: ((keys: readonly string[]) => Promise<(Entry | undefined)[]>) | undefined;

  function refuse({ line, expected }: { line: number; expected: string }): void {
    const message = `Damaged export: expected ${expected} in line ${line}`;
    if (!onDamage) throw new StoreError("cant-decode", message);
    counts.damaged++;
    onDamage(message);
  }

  /** Reads one page, and returns whether there may be more. */
  async function read(): Promise<boolean> {
    page = new Map();
    let bytes = 0;
    for (;;) {
      const item = waiting ?? (await items.next()).value;
      waiting = undefined;
      if (!item) return false;
      // What came before is written first.
      const isFull = page.size === pageEntries || bytes >= pageBytes;
      if (page.size && (isFull || item.kind === "damage" || (item.kind === "entry" && page.has(item.key)))) {
        waiting = item;
        return true;
      }
      if (item.kind === "damage") refuse(item);
      if (item.kind === "end") end = item;
      if (item.kind !== "entry") continue;
      counts.entries++;
      if (item.entry.expiresAt <= now()) counts.expired++;
      else page.set(item.key, item.entry);
      bytes += item.entry.value.length;
    }
  }

  async function leaveOutPresent(): Promise<void> {
    const found = await look!([...page.keys()]);
    for (const [index, [key, { value, expiresAt }]] of [...page].entries()) {
      const there = found[index];
      if (!there || !equalBytes(there.value, value) || there.expiresAt < expiresAt - slack) continue;
      counts.leftOut++;
      page.delete(key);
    }
  }

  return {
    counts,
    leaveOut: (given) => void (look = given),
    async list(): Promise<Page> {
      const hasMore = await read();
      if (look && page.size) await leaveOutPresent();
      const entries = [...page].map(([key, { value, expiresAt }]) => ({ key, expiresAt, size: value.length }));
      return hasMore ? { entries, cursor: "next" } : { entries };
    },
    entry: async (key) => page.get(key) as Entry<any> | undefined,
    update: () => Promise.reject(new StoreError("unsupported", "Cannot change an export: expected to read it")),
    checkEnd() {
      if (!end) throw new StoreError("cant-decode", `Cut export: expected an end after ${counts.entries} entries`);
      // What was left out was reported.
      if (end.isWhole || counts.damaged) return;
      const expected = `expected ${end.count} entries with the checksum of its end`;
      throw new StoreError("cant-decode", `Damaged export: ${expected}, got ${counts.entries} or another checksum`);
    },
  };
}
