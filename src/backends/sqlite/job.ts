import type { Entry } from "../../core/contract.ts";
import type { Client } from "./client.ts";

/** What a piece of work says about itself. */
export interface WorkOptions {
  /** When aborted, the work is left undone if it has not begun. */
  readonly signal?: AbortSignal | undefined;
  /** The key that an error names, and that the work is given. */
  readonly key?: string | undefined;
  /** Of reading work: that it is more than one statement and has to see one state of the file. */
  readonly isLong?: boolean | undefined;
}

/** A piece of work, which is given the key of its options. */
export type Work<R> = (client: Client, key: string) => R;

/** An entry and the key that it is written under. */
export type Item = readonly [key: string, entry: Entry];

/** Work that waits for its turn. All of one shape, and made without a copy: ten thousand in one tick are not rare. */
export interface Job {
  readonly isWrite: boolean;
  readonly isLong: boolean | undefined;
  readonly key: string | undefined;
  readonly signal: AbortSignal | undefined;
  /** A function, or an entry that is to be written. */
  readonly work: Work<unknown> | Item;
  readonly resolve: (result: any) => void;
  readonly reject: (error: unknown) => void;
  isRetried: boolean;
}
