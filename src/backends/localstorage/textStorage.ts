/** The slice of a Storage that is used, spelled out for programs that know no Storage. */
export interface TextStorage {
  readonly length: number;
  getItem(key: string): string | null;
  key(index: number): string | null;
  removeItem(key: string): void;
  setItem(key: string, value: string): void;
}

/** Whether a value is a Storage of the browser's own. */
export function isNative(storage: unknown): boolean {
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
