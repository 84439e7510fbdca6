import type { Call, Decision, Entry, Store } from "../core/contract.ts";
import type { Hub } from "../core/hub.ts";
import type { Remote } from "../core/link.ts";
import type { Record, Slot } from "./record.ts";
import type { Rows } from "./rows.ts";

/** Decides what of a key is to wait, by its record and what a caller sees of it; nothing: as it is. */
export type Decide = (record: Record, seen: Entry | undefined) => readonly Slot[] | undefined;

/** What was read of keys with their values. */
export type Whole = Map<string, Remote | undefined>;

/** What has to be known for a call. */
export const nothing = 0;
export const presence = 1;
export const value = 2;
export type Need = typeof nothing | typeof presence | typeof value;

/** What an offline store is made of. */
export interface Parts {
  readonly local: Store;
  readonly rows: Rows;
  readonly word: () => string;
  readonly hub: Promise<Hub>;
  readonly keepsBefore: boolean;
  /** The decisions that writes stand for which wait, by their ids. */
  readonly decisions: Map<string, readonly Decision[]>;
  /** Does a call about one key, for which nothing need be known, or what there is, or that with its value. */
  enqueue(key: string, decide: Decide, needs: Need, call: Call): Promise<void>;
  /** Reads keys from the other side and takes them over. `whole` gets all there is of them, whatever is kept of it. */
  fetch(keys: readonly string[], call: Call, whole?: Whole): Promise<void>;
  /** Has all there is on the other side known here. */
  complete(call: Call): Promise<void>;
  flush(call: Call): Promise<void>;
  close(): Promise<void>;
}
