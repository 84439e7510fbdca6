export const jsonType = "application/json";

/** Reads JSON. Throws if it is none, or no UTF-8. */
export function readJson(bytes: Uint8Array): any {
  return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
}
