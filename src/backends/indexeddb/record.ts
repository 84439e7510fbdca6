import type { Entry } from "../../core/contract.ts";
import { quote, StoreError } from "../../core/error.ts";
import { isBytes } from "../../core/value.ts";
import { Refusal } from "./failure.ts";

/** A record as it lies in the database: the value, and its deadline if it has one, which the index is made of. */
export interface Stored {
  readonly v: Uint8Array;
  readonly e?: number;
}

/** The deadline of a record, or `Infinity` for one that is damaged. */
export function deadlineOf(stored: Stored | null | undefined): number {
  return Number.isFinite(stored?.e) ? stored!.e! : Infinity;
}

/** Whether a record is one that this version writes. */
export function isWhole(record: unknown): record is Stored {
  const stored = record as Stored | null | undefined;
  return isBytes(stored?.v) && Number.isFinite(stored.e ?? 0);
}

/** Returns a record whose bytes are nobody else's. */
export function copyOf<Record>(record: Record): Record {
  return isWhole(record) ? { ...record, v: new Uint8Array(record.v) } : record;
}

/** What a record says, or `undefined` if there is none. Throws a refusal of one that is damaged. */
export function toEntry(key: string, record: unknown): Entry | undefined {
  if (record === undefined) return undefined;
  if (isWhole(record)) return { value: record.v, expiresAt: deadlineOf(record) };
  const message = `Cannot decode key ${quote(key)}: expected a record of this version`;
  throw new Refusal(new StoreError("cant-decode", message, { key }));
}
