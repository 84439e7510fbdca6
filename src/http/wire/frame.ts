import { encodeText } from "../../core/utf8.ts";
import { joinBytes } from "../../core/value.ts";
import { expectComplete } from "./complete.ts";
import { readJson } from "./json.ts";

/**
 * Joins a line of JSON and values as they are, one after the other.
 *
 * @example Writes a head and a value.
 * ```ts
 * import { frame } from "shelflife/http/wire";
 *
 *
 * console.log(frame({ set: [["a", 1, null]] }, [Uint8Array.of(65)]).length); // 24
 * ```
 */
export function frame(head: unknown, values: readonly Uint8Array[] = []): Uint8Array<ArrayBuffer> {
  return joinBytes([encodeText(`${JSON.stringify(head)}\n`), ...values]);
}

/**
 * Takes a frame apart: its head, a function that cuts off the next value, of a given size, and one that throws unless that
 * was all. Throws if it is cut short.
 *
 * @example Reads a head and the value after it.
 * ```ts
 * import { frame, unframe } from "shelflife/http/wire";
 *
 *
 * const [head, next, end] = unframe(frame([2], [Uint8Array.of(1, 2)]));
 * console.log(head, next(2)); // [ 2 ] Uint8Array(2) [ 1, 2 ]
 * end();
 * ```
 */
export function unframe(bytes: Uint8Array): [head: any, next: (size: number) => Uint8Array, end: () => void] {
  let at = bytes.indexOf(10) + 1;
  return [
    readJson(bytes.subarray(0, at)),
    (size) => {
      const value = bytes.slice(at, (at += size));
      expectComplete(value.length === size);
      return value;
    },
    () => expectComplete(at === bytes.length),
  ];
}

/** Returns how many bytes of values follow the head of a frame. */
export function sizeOfValues(bytes: Uint8Array): number {
  return bytes.length - bytes.indexOf(10) - 1;
}
