import type { Entry } from "../../core/contract.ts";
import type { KeyChange } from "../../core/keyChange.ts";

/** The entries of an app's own library, without regard to other writers. */
export interface Entries {
  /** Returns an entry, an unreadable one for what cannot be decoded. */
  read(key: string): Promise<Entry | undefined>;
  put(key: string, entry: Entry): Promise<KeyChange>;
  /** Puts all or none: what lay there is put back if one of the writes fails. */
  putAll(items: readonly (readonly [key: string, entry: Entry])[]): Promise<KeyChange[]>;
  /** Removes an entry that lies there at some time. */
  drop(key: string, entry: Entry, at: number): Promise<KeyChange>;
  /** Returns the keys that begin with a prefix and stand after another, sorted: those that can be a store's. */
  keys(prefix: string, after?: string): Promise<string[]>;
  /** Returns the keys that begin with a prefix and cannot be a store's. */
  strays(prefix: string): Promise<string[]>;
}
