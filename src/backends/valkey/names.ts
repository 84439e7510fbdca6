import { decodeLoosely, encodeText } from "../../core/utf8.ts";
import { joinBytes } from "../../core/value.ts";
import { slotOf, slotOfBytes, tagOf } from "./slots.ts";

/** What the keys of a store are called on the server. */
export interface Names {
  readonly prefix: string;
  /** What all of them begin with. */
  start(): Uint8Array;
  /** The name of a key, as a client takes it. */
  of(key: string): string | Uint8Array;
  /** The key that a name stands for. */
  keyOf(name: Uint8Array): string;
  /** The slot of a key in a cluster. */
  slotOf(key: string): number;
  /** Whether the names are such as no key of a store with another prefix has. */
  isApart(): boolean;
  /** Sets the names apart, or not. `toBuffer` makes of bytes what a client takes. */
  arrange(isApart: boolean, toBuffer: (name: Uint8Array) => Uint8Array): void;
}

// Is no part of any UTF-8, so that nothing with it is what another store calls a key; nor is it the name of an index.
const divider = [0xff, 0xfe];

/** Returns the names of a store: its prefix and the key, until they are set apart. */
export function createNames(prefix: string): Names {
  let start = encodeText(prefix);
  let toName: ((name: Uint8Array) => Uint8Array) | undefined;

  function of(key: string): string | Uint8Array {
    return toName ? toName(joinBytes([start, encodeText(key)])) : prefix + key;
  }

  return {
    prefix,
    start: () => start,
    of,
    keyOf: (name) => decodeLoosely(name.subarray(start.length)),
    // A prefix has no brace but in a whole tag.
    slotOf: (key) => (toName && tagOf(prefix + key) === undefined ? slotOfBytes(of(key) as Uint8Array) : slotOf(prefix + key)), // prettier-ignore
    isApart: () => toName !== undefined,
    arrange(isApart, toBuffer) {
      start = joinBytes([encodeText(prefix), Uint8Array.from(isApart ? divider : [])]);
      toName = isApart ? toBuffer : undefined;
    },
  };
}
