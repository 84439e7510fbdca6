/** Bytes plus an absolute deadline. */
export interface Entry<T = Uint8Array> {
  readonly value: T;
  /** When the value expires: epoch ms, `Infinity` for never. */
  readonly expiresAt: number;
}

/** A value as a complete backend may hold it: bytes, or text that stands for its UTF-8 bytes. */
export type Value = Uint8Array | string;

/** An entry and where it is. */
export interface KeyedEntry<T = Uint8Array> extends Entry<T> {
  readonly key: string;
}

/** A value to be written, and how long it lives. */
export interface NewEntry<T = Uint8Array> extends Readonly<Lifetime> {
  readonly value: T;
}

/** How long a value lives: for ever, unless one of the two is given. */
export interface Lifetime {
  /** How long from the call on: ms, more than 0. `Infinity` is for ever. */
  ttl?: number | undefined;
  /**
   * Until when, in place of `ttl`: epoch ms, `Infinity` for never. One that is past leaves no live value.
   *
   * @example Offers a price until the end of the year.
   * ```ts
   * import { json, memory } from "shelflife";
   *
   * const prices = json<number>(memory());
   * const newYear = Date.UTC(new Date().getUTCFullYear() + 1, 0);
   * await prices.set("tea", 5, { expiresAt: newYear });
   * console.log((await prices.entry("tea"))?.expiresAt === newYear); // true
   * ```
   */
  expiresAt?: number | undefined;
}

/** One line of a listing. */
export interface Listed {
  readonly key: string;
  /** Epoch ms, `Infinity` for never. */
  readonly expiresAt: number;
  /** The length of the value in bytes, where the medium knows it. */
  readonly size?: number | undefined;
}

/** One page of a listing. Without a `cursor` it is the last. */
export interface Page {
  entries: Listed[];
  cursor?: string;
}

/** One page of entries. Without a `cursor` it is the last. */
export interface EntryPage<V = Uint8Array> {
  readonly entries: readonly KeyedEntry<V>[];
  readonly cursor?: string | undefined;
}

/**
 * One thing that happened to one key; the removal of an entry after its deadline is an `expire`. Or `resync`: changes may
 * have been missed, so read again what you show.
 */
export type Change = { readonly type: "set" | "delete" | "expire"; readonly key: string } | { readonly type: "resync" };

/** What is read of a log of changes. */
export interface LogQuery {
  /** A position of the log, whenever and by whomever it was read; without one the page begins, and ends, at the end. */
  readonly after?: string | undefined;
  /** What the keys begin with of the changes that are wanted. */
  readonly prefix: string;
  /** How many changes a page has at most. */
  readonly limit: number;
}

/** A change as a log has it. */
export interface LoggedChange {
  readonly type: "set" | "delete" | "expire";
  readonly key: string;
  /** The position of the log that is reached with it. */
  readonly position: string;
}

/**
 * A page of the log that a medium keeps of its changes: each is in it once the transaction is committed that makes it,
 * whichever process does that. A position names one change, by its number and by something random. So it is known for as long
 * as that very change is in the log, and not in a medium that was restored to an earlier state, or is another one.
 */
export interface LogPage {
  /** The changes after a position, in their order; `undefined` where that is not known, or some of them are not any more. */
  readonly changes: readonly LoggedChange[] | undefined;
  /** How far the page has come; where it has no changes to give, the end. */
  readonly position: string;
  /** Whether there is nothing more by now. */
  readonly isLast: boolean;
  /** The same for all who read the log, and for nobody else: positions are encrypted with it where others get to see them. */
  readonly secret: string;
}
