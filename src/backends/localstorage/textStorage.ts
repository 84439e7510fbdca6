/** The slice of a Storage that is used. */
export type TextStorage = Pick<Storage, "getItem" | "key" | "length" | "removeItem" | "setItem">;

/** Whether a value is a Storage of the browser's own. */
export function isNative(storage: unknown): storage is Storage {
  return typeof Storage !== "undefined" && storage instanceof Storage;
}

/** Whether a value is this context's localStorage, which a browser may refuse to show. */
export function isLocal(storage: unknown): boolean {
  try {
    return isNative(storage) && storage === globalThis.localStorage;
  } catch {
    return false;
  }
}
