import { checkStore } from "../core/check.ts";
import type { Store } from "../core/contract.ts";
import { isWellFormed } from "../core/key.ts";
import { decodeText } from "../core/utf8.ts";
import { createView } from "./codec/createView.ts";
import { fail } from "./codec/fail.ts";

/**
 * Returns a view of a store with strings in place of bytes: their UTF-8. A string with a lone surrogate has no such bytes and is
 * `cant-encode`, as is anything but a string; stored bytes that are no UTF-8 are `cant-decode`. What is read is the string that
 * was written, to the letter: a byte order mark is one, and nothing is normalised. Closing the view closes the store.
 *
 * @example Keeps notes as they were typed.
 * ```ts
 * import { memory } from "shelflife";
 * import { text } from "shelflife/views/text";
 *
 * const notes = text(memory());
 * await notes.set("today", "Buy tea ☕");
 * await notes.update("today", (note) => `${note ?? ""}, and milk`);
 * console.log(await notes.get("today")); // Buy tea ☕, and milk
 * ```
 */
export function text(store: Store): Store<string> {
  checkStore(store);

  function encode(key: string, value: unknown): string {
    return isWellFormed(value) ? value : fail("cant-encode", key, "a well-formed string", value);
  }

  function decode(key: string, stored: Uint8Array | string): string {
    try {
      return typeof stored === "string" ? stored : decodeText(stored);
    } catch (cause) {
      return fail("cant-decode", key, "UTF-8", cause);
    }
  }

  return createView<string, string>(store, {
    isSync: true,
    encode,
    decode,
    match(key, expected) {
      const wanted = encode(key, expected);
      return (stored) => decode(key, stored) === wanted;
    },
  });
}
