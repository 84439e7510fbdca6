import type { Lifetime } from "./entry.ts";

/** What every call takes. */
export interface CallOptions {
  /** Cancels the call, which then rejects with the signal's own reason. A write under way may or may not have happened. */
  signal?: AbortSignal | undefined;
}

/** What a call takes that writes a value. */
export interface WriteOptions extends CallOptions, Lifetime {}

/** Which keys a call is about. */
export interface PrefixOptions extends CallOptions {
  /** What the keys begin with. @default "" */
  prefix?: string | undefined;
}

/** Which changes a watch is about. */
export interface WatchOptions extends PrefixOptions {
  /**
   * Lets the process end while the watch is being read. Otherwise a read that waits for the next change keeps the process
   * alive. @default false
   */
  unref?: boolean | undefined;
}

/** Which page of a listing a call is about. */
export interface ListOptions extends PrefixOptions {
  /** How many entries a page holds at most. @default 1000 */
  limit?: number | undefined;
  /**
   * Where to go on: the `cursor` of the page before, with the same prefix. Opaque, and good for as long as the medium lives.
   * Whatever it is, a page holds no key beyond the prefix.
   */
  cursor?: string | undefined;
}
