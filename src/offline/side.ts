import type { Call, NewEntry } from "../core/contract.ts";
import type { Link } from "../core/link.ts";
import type { Rows } from "./rows.ts";
import type { Court, Report } from "./settle.ts";

/** A report with where it is kept and what it is about. */
export interface KeptReport extends Report {
  readonly id: string;
  readonly key: string;
  readonly at: number;
}

/** What brings the two sides in step: what is here, the way to the other side, and what has to be known for it. */
export interface Side {
  readonly link: Link;
  readonly rows: Rows;
  /** Returns a new word each time. */
  readonly word: () => string;
  readonly court: Omit<Court, "n" | "now">;
  /** Lists marks, those that have waited longest first. */
  listMarks(limit: number, call: Call): Promise<readonly (readonly [mark: string, key: string])[]>;
  /** Lists keys of which there is something here. */
  listKeys(cursor: string | undefined, call: Call): Promise<{ keys: readonly string[]; cursor?: string | undefined }>;
  writeReport(report: KeptReport): NewEntry;
  /** Called with the slots that are gone, and what there is to report. */
  settled(ids: readonly string[], reports: readonly KeptReport[]): void;
}
