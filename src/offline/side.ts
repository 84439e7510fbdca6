import type { Call } from "../core/contract.ts";
import type { Link } from "../core/link.ts";
import type { Conflict } from "./kept.ts";
import type { Rows } from "./rows.ts";
import type { Court } from "./settle.ts";

/** What brings the two sides in step: what is here, the way to the other side, and what has to be known for it. */
export interface Side {
  readonly link: Link;
  readonly rows: Rows;
  /** Returns a new word each time. */
  readonly word: () => string;
  readonly court: Omit<Court, "n" | "now">;
  /** Lists marks, those that have waited longest first. */
  listMarks(limit: number, call: Call): Promise<readonly (readonly [mark: string, key: string])[]>;
  /** Resolves with the keys of which there is something here. */
  keys(call: Call): Promise<readonly string[]>;
  /** Called with the slots that are gone, and what there is to report. */
  settled(ids: readonly string[], reports: readonly Conflict[]): void;
}
