import type { KeyChange } from "../../core/keyChange.ts";
import type { Activity } from "./active.ts";
import type { Stored } from "./record.ts";

/** A change that a transaction makes, with the record that a set writes. */
export interface Mutation extends KeyChange {
  readonly record?: Stored;
}

/** A transaction, and what is known of the state in which it finds the database. */
export interface Snapshot extends Activity {
  /** The number of its connection. */
  readonly era: number;
  /** Settles when the mark is known, once it was asked for. */
  verified?: Promise<void>;
  /** The mark that it found. What the cache holds counts as soon as it is known, while the transaction is active. */
  mark?: number;
  /** What was written in it until now, by the key. */
  readonly written: Map<string, Mutation>;
}
