import type { Call, Decision, Store } from "../core/contract.ts";
import type { Hub } from "../core/hub.ts";
import type { Rows } from "./rows.ts";

/** What an offline store is made of. */
export interface Parts {
  readonly local: Store;
  readonly rows: Rows;
  readonly word: () => string;
  readonly hub: Promise<Hub>;
  readonly keepsBefore: boolean;
  /** The decisions that writes stand for which wait, by their ids. */
  readonly decisions: Map<string, readonly Decision[]>;
  /** Reads keys from the other side and takes them over. */
  fetch(keys: readonly string[], call: Call): Promise<void>;
  /** Has all there is on the other side known here. */
  complete(call: Call): Promise<void>;
  /** Refuses what would be too much to keep. */
  admit(count: number, bytes: number): void;
  flush(call: Call): Promise<void>;
  close(): Promise<void>;
}
