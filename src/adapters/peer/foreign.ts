import type { Entry } from "../../core/contract.ts";
import { quote, StoreError } from "../../core/error.ts";
import { decodeText } from "../../core/utf8.ts";

/** Returns an entry that throws when its value is looked at, so that it can still be listed, replaced and removed. */
export function unreadable(error: StoreError, expiresAt: number = Infinity): Entry {
  return {
    expiresAt,
    get value(): never {
      throw error;
    },
  };
}

/** Whether a value is of a kind, from whichever realm. */
export function isA(value: unknown, kind: string): boolean {
  return Object.prototype.toString.call(value) === `[object ${kind}]`;
}

/** Returns the bytes that a binary value is, `undefined` for any other. */
export function bytesOf(found: unknown): Uint8Array | undefined {
  if (isA(found, "ArrayBuffer")) return new Uint8Array(found as ArrayBuffer);
  return ArrayBuffer.isView(found) ? new Uint8Array(found.buffer, found.byteOffset, found.byteLength) : undefined;
}

/** Returns the JSON text of what JSON can hold. Throws `cant-decode`. */
export function toJson(key: string, found: unknown): string {
  let cause: unknown;
  try {
    if (isJson(found)) return JSON.stringify(found);
  } catch (error) {
    cause = error; // cyclic, or too deep
  }
  const expected = `expected bytes or what JSON can hold, got ${quote(found)}`;
  throw new StoreError("cant-decode", `Cannot decode key ${quote(key)}: ${expected}`, { key, cause });
}

/** Whether JSON holds all of a value. A Date counts as held: JSON has it as text. */
function isJson(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || value === null) return typeof value !== "bigint";
  if (isA(value, "Date")) return !Number.isNaN((value as Date).getTime());
  return (isA(value, "Object") || isA(value, "Array")) && Object.values(value).every(isJson);
}

const openings = '{["-0123456789tf';
// Deeper values may be more than a browser can clone.
const deepest = 100;

/** Returns the value that JSON text stands for, unless the value would not give the same text again. */
export function fromJson(bytes: Uint8Array): unknown {
  if (!openings.includes(String.fromCharCode(bytes[0]!))) return undefined;
  try {
    const text = decodeText(bytes);
    const value: unknown = JSON.parse(text);
    const isSame = JSON.stringify(value) === text && depth(value) <= deepest;
    // localForage would take an object with this property for a Blob of its own.
    return isSame && !text.includes("__local_forage_encoded_blob") ? value : undefined;
  } catch {
    return undefined;
  }
}

function depth(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  let deepestPart = 0;
  for (const part of Object.values(value)) deepestPart = Math.max(deepestPart, depth(part));
  return deepestPart + 1;
}
