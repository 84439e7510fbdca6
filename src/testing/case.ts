import type { Awaitable, Store } from "../core/contract.ts";
import type { StoreOptions } from "../core/options.ts";
import type { Clock } from "./clock.ts";

/**
 * What a subject says that it can do, beyond get, set and delete: `atomic` calls, `transact` of several keys, `list`ing, `sweep`ing, `watch`ing;
 * `bytes` are its values (a view's may be something else); `shared` is a medium that two stores can open at once;
 * `persistent` is one that keeps what it has when all stores on it are closed.
 */
export type Feature = "atomic" | "transact" | "list" | "sweep" | "watch" | "bytes" | "shared" | "persistent";

/** A kind of store that has to keep the contract. */
export interface Subject<T = any> {
  readonly name: string;
  readonly can: readonly Feature[];
  /** Opens a store on the medium of that name, which is empty when it is named first. */
  open(medium: string, options: StoreOptions & { readonly now: () => number }): Awaitable<Store<T>>;
  /** Makes a value of the store's kind of a text. @default its UTF-8 bytes */
  value?(text: string): T;
  /** The text that a value was made of. @default the bytes read as UTF-8 */
  text?(value: T): string;
  /** How long a key may be, in UTF-8 bytes: less under a prefix. @default 1024 */
  readonly keyBytes?: number;
  /** How many keys one `transact` takes: fewer where the medium's own transactions do. @default 1000 */
  readonly transactKeys?: number;
  /**
   * Whether the keys are on different servers: then changes of different keys may be reported in another order, and expiries
   * only when they are swept. @default false
   */
  readonly isScattered?: boolean;
  /** Whether several writes of one key, one soon after the other, may be one change. @default false */
  readonly isMerging?: boolean;
  /** How many rounds a race is run: fewer where each takes long. @default 1000 */
  readonly rounds?: number;
}

/** What a case works with. Nothing of it is shared with another case. */
export interface Context<T = any> {
  readonly subject: Subject<T>;
  readonly clock: Clock;
  /** Opens a store on this case's own medium; once more, another store on the same one. */
  open(options?: Omit<StoreOptions, "now">): Promise<Store<T>>;
  value(text: string): T;
  text(value: T | undefined): string | undefined;
}

/** One provable sentence of the contract. */
export interface Case {
  readonly name: string;
  /** What a subject must be able to do for the sentence to be about it. */
  readonly needs?: readonly Feature[];
  /** Rejects if the sentence does not hold. */
  run(context: Context): Promise<void>;
}
