import type { Entry } from "../core/contract.ts";
import { quote, StoreError } from "../core/error.ts";
import { Refusal } from "./_queue.ts";

/** A record as it lies in the database: the value, and its deadline if it has one, which the index is made of. */
export interface Stored {
  readonly v: Uint8Array;
  readonly e?: number;
}

/** The deadline of a record, or `Infinity` for one that is damaged. */
export function deadlineOf(stored: Stored | null | undefined): number {
  return Number.isFinite(stored?.e) ? stored!.e! : Infinity;
}

/** What a record says, or `undefined` if there is none. Throws a refusal of one that is damaged. */
export function toEntry(key: string, record: unknown): Entry | undefined {
  const stored = record as Stored | null | undefined;
  if (stored === undefined) return undefined;
  const isWhole = Object.prototype.toString.call(stored?.v) === "[object Uint8Array]";
  if (isWhole && Number.isFinite(stored!.e ?? 0)) return { value: stored!.v, expiresAt: deadlineOf(stored) };
  const message = `Cannot decode key ${quote(key)}: expected a record of this version`;
  throw new Refusal(new StoreError("cant-decode", message, { key }));
}
