import type { Call, ListOptions, Store } from "./contract.ts";
import type { StoreError } from "./error.ts";

/** An entry as the other side has it. */
export interface Remote {
  /** Its bytes, which nobody else has; none where they are known already, or did not fit in with others. */
  readonly value?: Uint8Array | undefined;
  /** When it expires, by the clock of this side: epoch ms, `Infinity` for never. */
  readonly expiresAt: number;
  /** Names the value: another value has another one. */
  readonly tag: string;
  /** How many bytes its value has, where it was left out because those were too many. */
  readonly size?: number | undefined;
}

/** What the other side says of itself. */
export interface Greeting {
  /** The name that it gives this replica, under which pushes are counted. */
  readonly name: string;
  /** Stays the same for as long as this side may see the same part of the other. */
  readonly scope: string;
  /** Its clock: epoch ms. */
  readonly time: number;
  /** How many bytes of values one push may have together. */
  readonly maxBytes: number;
  /** How many operations one push may have. */
  readonly maxItems: number;
}

/** One thing that is to become of one key of the other side. */
export type Operation =
  /** Writes a value, or removes what is there, if what is there has the tag; `undefined`: if nothing is. */
  | {
      readonly kind: "write";
      readonly key: string;
      readonly value: Uint8Array | undefined;
      readonly tag: string | undefined;
      /** By the clock of this side: epoch ms, `Infinity` for never. A value whose time is past removes what is there. */
      readonly expiresAt: number;
    }
  /** Adds to a decimal number; `expiresAt` is for one that is created by that. */
  | { readonly kind: "add"; readonly key: string; readonly by: number; readonly expiresAt: number }
  /** Gives a new deadline to whatever is there. */
  | { readonly kind: "touch"; readonly key: string; readonly expiresAt: number };

/** Operations, done once at most under the name of a replica and a number. */
export interface Push {
  readonly name: string;
  /** One more than that of the push before. */
  readonly sequence: number;
  /** A random word, by which a copy of this side that counts the same is noticed. */
  readonly nonce: string;
  readonly operations: readonly Operation[];
}

/** What became of one operation. */
export interface Outcome {
  /** Whether it was done. A write was not where something else was there; a touch where nothing was. */
  readonly isDone: boolean;
  /** Whether nobody knows if it was done. It is not to be asked for again. */
  readonly isUncertain?: boolean | undefined;
  /** What is there afterwards, `undefined` for nothing. The value of a write that was done does not come back. */
  readonly now?: Remote | undefined;
  /** Why the other side will never do it, or not now. It was not done. */
  readonly error?: StoreError | undefined;
}

/** Returned in place of outcomes: the other side does not know the name, or not this number, and has done nothing now. */
export const FORGOTTEN: unique symbol = Symbol.for("shelflife.forgotten") as typeof FORGOTTEN;

/** What has changed on the other side. */
export interface Changes {
  /** The keys that changed since a bookmark, but for those that expired; nothing where the other side cannot say. */
  readonly keys?: readonly string[] | undefined;
  /** The bookmark from now on; nothing where there are none. */
  readonly bookmark: string | undefined;
  /** The other side's clock: epoch ms. */
  readonly time: number;
  /** As in a {@link Greeting}; nothing where it is not said. */
  readonly scope?: string | undefined;
}

/** One page of what the other side has. Without a cursor it is the last. */
export interface TaggedPage {
  readonly entries: readonly { readonly key: string; readonly expiresAt: number; readonly tag: string }[];
  readonly cursor?: string | undefined;
}

/**
 * What a store that goes on without another asks of it beyond the calls of a store. Everything rejects as these do:
 * `unavailable` where nobody answers, `unauthorized` where nobody is let in.
 */
export interface Link {
  /** Asks for a name, and what there is to know. */
  greet(call: Call): Promise<Greeting>;
  /** Whether a name is one that it gave, where that need not be asked for. */
  knows?(name: string): boolean;
  /**
   * Does operations in their order, each for itself, once however often this is asked for. Rejects `quota-exceeded` when they
   * are too much together, and then none of them was done and the number is not used.
   */
  push(push: Push, call: Call): Promise<readonly Outcome[] | typeof FORGOTTEN>;
  /** Returns what has changed since a bookmark, or without one the bookmark to begin with. */
  changes(after: string | undefined, call: Call): Promise<Changes>;
  /** Reads a page of keys with their tags. Nothing where the other side cannot list. */
  readonly list?: ((options: ListOptions, call: Call) => Promise<TaggedPage>) | undefined;
  /** Reads entries, each but for its value where that has the tag which is known, or more bytes than are wanted. */
  read(
    wanted: readonly (readonly [key: string, tag: string | undefined, most?: number])[],
    call: Call,
  ): Promise<readonly (Remote | undefined)[]>;
  /** The store itself, for what only it can decide, and to follow it. */
  readonly store: Store;
  /** Follows it no more. */
  close?(): void;
}

/**
 * Asks a handler for something, as a remote store does. That lends it by its `entries`: a view of other values has its own of
 * them, and so is no remote store, while one that only reads faster passes it on.
 */
export interface Wire {
  /** Sends a request: a method and a resource, what it has besides, and how its answer is read. */
  readonly ask: (call: Call, target: any, details: any) => Promise<any>;
  /** What the keys begin with of the part that is seen. */
  readonly prefix: string;
}
