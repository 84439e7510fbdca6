import type { Call, Decision, Entry, Store } from "../core/contract.ts";
import type { Hub } from "../core/hub.ts";
import type { Record, Slot } from "./record.ts";
import type { Rows } from "./rows.ts";

/** Decides what of a key is to wait, by its record and what a caller sees of it; nothing: as it is. */
export type Decide = (record: Record, seen: Entry | undefined) => readonly Slot[] | undefined;

/** What an offline store is made of. */
export interface Parts {
  readonly local: Store;
  readonly rows: Rows;
  readonly word: () => string;
  readonly hub: Promise<Hub>;
  readonly keepsBefore: boolean;
  /** The decisions that writes stand for which wait, by their ids. */
  readonly decisions: Map<string, readonly Decision[]>;
  /** Does a call about one key. One that is not blind comes after it is known what there is. */
  enqueue(key: string, decide: Decide, isBlind: boolean, call: Call): Promise<void>;
  /** Reads keys from the other side and takes them over. */
  fetch(keys: readonly string[], call: Call): Promise<void>;
  /** Has all there is on the other side known here. */
  complete(call: Call): Promise<void>;
  flush(call: Call): Promise<void>;
  close(): Promise<void>;
}
