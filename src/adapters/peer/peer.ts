import { checkStore } from "../../core/check.ts";
import type { Awaitable, Store } from "../../core/contract.ts";
import { check, quote, StoreError } from "../../core/error.ts";
import { checkPrefix, isKey } from "../../core/key.ts";
import { decodeText, encodeText } from "../../core/utf8.ts";

/**
 * A store as another library sees it, under keys that are any strings.
 *
 * A key of 1 to 256 UTF-16 units lies in the store as it is, behind the prefix. What is longer than that leaves no room for the
 * prefixes of views, or is no key; it, the empty key, and one with a lone surrogate lie under {@link mark} and the SHA-256 of
 * their JSON text in base64, and the value begins with that text and a line feed, so that a listing gives the key back. So does a key that
 * begins with the mark: no two keys ever meet.
 */
export interface Peer {
  readonly store: Store;
  /** What the keys begin with in the store. */
  readonly prefix: string;
}

/** What the names of keys begin with that lie behind their hash. */
export const mark = "~sha256-";

// The last hash that was asked for: they come in this order, so that calls for one key keep theirs.
let last: Promise<unknown> | undefined;

/** Returns a store as a peer sees it. Throws `invalid-argument`. */
export function peerOf(store: Store, prefix?: string): Peer {
  checkStore(store);
  return { store, prefix: checkPrefix(prefix) };
}

/** Returns where the value of a key lies in the store. */
export function place(peer: Peer, key: string): Awaitable<string> {
  check(typeof key === "string", "key", "a string", key);
  const id = peer.prefix + key;
  if (key.length <= 256 && isKey(id) && !key.startsWith(mark)) return id;
  const subtle = globalThis.crypto?.subtle;
  check(subtle, "key", "a shorter one without crypto.subtle", key);
  const hash = subtle.digest("SHA-256", encodeText(JSON.stringify(key)));
  const found = Promise.all([hash, last]).then(
    ([bytes]) => peer.prefix + mark + btoa(String.fromCharCode(...new Uint8Array(bytes))),
  );
  last = found.catch(() => {});
  return found;
}

/** Returns what a value begins with where it lies. */
export function headOf({ prefix }: Peer, id: string, key: string): string {
  return id === prefix + key ? "" : `${JSON.stringify(key)}\n`;
}

/** Returns the key and the value of what lies somewhere. Throws `cant-decode`. */
export function open(
  { prefix }: Peer,
  id: string,
  found: Uint8Array,
): readonly [key: string, value: Uint8Array<ArrayBuffer>] {
  const isMarked = id.startsWith(mark, prefix.length);
  const at = isMarked ? found.indexOf(10) + 1 : 0;
  const read = (): string => JSON.parse(decodeText(found.subarray(0, at)));
  const key = isMarked ? coded("cant-decode", id, read) : id.slice(prefix.length);
  return [key, found.subarray(at) as Uint8Array<ArrayBuffer>];
}

/** Returns the text of a value. Throws `cant-decode` for what is no UTF-8. */
export function textOf(key: string, value: Uint8Array): string {
  return coded("cant-decode", key, () => decodeText(value));
}

/** Returns the value of JSON. Throws `cant-decode`. */
export function parse(key: string, text: string): any {
  return coded("cant-decode", key, () => JSON.parse(text));
}

/** Returns what the work returns, and gives its failure a code. */
export function coded<T>(code: "cant-decode" | "cant-encode", key: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new StoreError(code, `Cannot ${code.slice(5)} key ${quote(key)}: expected text or JSON`, { key, cause });
  }
}
