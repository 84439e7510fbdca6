import type { Store } from "../core/contract.ts";
import { isStoreError, type StoreErrorCode } from "../core/error.ts";

/** Throws unless two plain values are the same. `what` says what they are. */
export function equal(actual: unknown, expected: unknown, what: string): void {
  if (show(actual) !== show(expected)) throw new Error(`${what}: expected ${show(expected)}, got ${show(actual)}`);
}

/** Rejects unless the entry of a key has that deadline. `what` says which it is. */
export async function equalDeadline(store: Store<any>, key: string, expected: number, what: string): Promise<void> {
  equal((await store.entry(key))?.expiresAt, expected, what);
}

/** Rejects unless the work rejects with a StoreError of that code (and about that key, if one is given). */
export async function rejects(work: () => unknown, code: StoreErrorCode, what: string, key?: string): Promise<void> {
  const error = await failure(work, what);
  if (!isStoreError(error, code)) throw new Error(`${what}: expected ${code}, got ${String(error)}`, { cause: error });
  if (key !== undefined) equal(error.key, key, `${what}: the error's key`);
}

/** Rejects unless the work rejects with that very reason. */
export async function rejectsWith(work: () => unknown, reason: unknown, what: string): Promise<void> {
  const error = await failure(work, what);
  if (error !== reason) throw new Error(`${what}: expected the given reason, got ${String(error)}`, { cause: error });
}

async function failure(work: () => unknown, what: string): Promise<unknown> {
  let result: unknown;
  try {
    result = await work();
  } catch (error) {
    return error;
  }
  throw new Error(`${what}: expected a rejection, got ${show(result)}`);
}

/** Writes a value so that different ones look different: `undefined`, `Infinity` and bytes too. */
function show(value: unknown): string {
  const text = JSON.stringify(value, (_, part: unknown) => {
    if (part === undefined || typeof part === "number") return `<${String(part)}>`;
    if (isPlain(part)) return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
    if (part instanceof Uint8Array)
      return `<bytes ${part.length > 64 ? `${part.length}:${checksum(part)}` : part.join()}>`;
    return part;
  });
  return text.length > 2000 ? `${text.slice(0, 2000)}… (${text.length} characters)` : text;
}

// In whatever order the properties were made.
function isPlain(value: unknown): value is object {
  return Object.prototype.toString.call(value) === "[object Object]";
}

function checksum(bytes: Uint8Array): number {
  return bytes.reduce((sum, byte) => (Math.imul(sum, 31) + byte) | 0, 7);
}
