import { cost, createSieve, type Sieved } from "../../core/sieve.ts";
import { copyOf, isWhole, type Stored } from "./record.ts";

/** Records in memory, and keys that are known to have none: as many as fit. */
export interface HeldRecords {
  has(key: string): boolean;
  /** Returns a record that is held, the caller's own. */
  take(key: string): Stored | undefined;
  /** Holds a copy of a record, or that there is none. */
  set(key: string, record: unknown): void;
  delete(key: string): void;
  clear(): void;
  size(): number;
}

interface Slot extends Sieved {
  /** `undefined` where there is none. */
  readonly record: Stored | undefined;
  readonly size: number;
}

// About what holding a record takes besides its bytes and its key.
const overhead = 100;
// No single one takes more than so small a part of the room: reading a large value gains little.
const parts = 64;

/** Returns room for at most so many bytes of records; SIEVE picks what goes. */
export function createHeldRecords(maxBytes: number): HeldRecords {
  const slots = new Map<string, Slot>();
  const pick = createSieve(slots);
  let bytes = 0;

  function remove(key: string): void {
    bytes -= slots.get(key)?.size ?? 0;
    slots.delete(key);
  }

  return {
    has: (key) => slots.has(key),
    take(key) {
      const slot = slots.get(key)!;
      slot.isUsed = true;
      return copyOf(slot.record);
    },
    set(key, record) {
      remove(key);
      // A damaged one is for the database to report.
      if (record !== undefined && !isWhole(record)) return;
      const size = overhead + cost(key, record?.v ?? "");
      if (size > maxBytes / parts) return;
      slots.set(key, { record: copyOf(record), size, isUsed: false });
      for (bytes += size; bytes > maxBytes;) remove(pick(key));
    },
    delete: remove,
    clear() {
      slots.clear();
      bytes = 0;
    },
    size: () => slots.size,
  };
}
