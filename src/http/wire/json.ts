export const jsonType = "application/json";

/**
 * Reads JSON. Throws if it is none, or no UTF-8.
 *
 * @example Reads the JSON of an answer.
 * ```ts
 * import { readJson } from "shelflife/http/wire";
 *
 *
 * console.log(readJson(new TextEncoder().encode('{"found":true}'))); // { found: true }
 * ```
 */
export function readJson(bytes: Uint8Array): any {
  return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
}
