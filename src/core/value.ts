import type { Bytes } from "./bytes.ts";
import type { Entry, Lifetime, Value } from "./contract.ts";
import { check, quote, StoreError } from "./error.ts";
import { encodeText } from "./utf8.ts";

// The last instant of a Date. What would live longer lives for ever.
const endOfTime = 8.64e15;

/** Returns bytes, or the UTF-8 bytes of text. */
export function toBytes(value: Value): Uint8Array;
export function toBytes(value: Value | undefined): Uint8Array | undefined;
export function toBytes(value: Value | undefined): Uint8Array | undefined {
  return typeof value === "string" ? encodeText(value) : value;
}

/** Whether a value is bytes, of whichever realm. */
export function isBytes(value: unknown): value is Uint8Array {
  // By the getter that all typed arrays share: it looks at what they are, whatever their class or their tag says.
  return Reflect.get(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag, value) === "Uint8Array";
}

/** Returns the bytes; throws `invalid-argument` for anything but a `Uint8Array`. */
export function checkBytes(value: unknown): Uint8Array {
  check(isBytes(value) && (value.length || isReadable(value)), "value", "a Uint8Array", value);
  return value;
}

/** Whether bytes are still there. An array has no length either when its buffer was detached, or shrunk to before its end. */
function isReadable(bytes: Uint8Array): boolean {
  try {
    // Not by the buffer: small arrays have none until they are asked for it, in V8.
    bytes.indexOf(0);
    return true;
  } catch {
    return false;
  }
}

/** Returns a copy of the bytes; throws `invalid-argument` for anything but a `Uint8Array`. */
export function copyBytes(value: unknown): Bytes {
  // Not slice(): a Node Buffer's slice shares its memory.
  return new Uint8Array(checkBytes(value));
}

/** Returns the bytes of several arrays, one after the other, in an array of their own. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Whether two values are the same bytes, or both missing. */
export function equalBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a && b ? a.length === b.length && a.every((byte, index) => byte === b[index]) : a === b;
}

/** Whether anything is said of how long a value lives. */
export function isGiven(lifetime: Lifetime | undefined): lifetime is Lifetime {
  return lifetime?.ttl !== undefined || lifetime?.expiresAt !== undefined;
}

/**
 * Returns when a value written now expires, `Infinity` for never. Throws `invalid-argument` for what is no ttl and no
 * deadline, and for both at once.
 */
export function deadline({ ttl, expiresAt }: Lifetime = {}, now: () => number): number {
  if (expiresAt === undefined) {
    if (ttl === undefined) return Infinity;
    check(typeof ttl === "number" && ttl > 0, "ttl", "a number of ms above 0", ttl);
    expiresAt = now() + ttl;
  } else {
    check(typeof expiresAt === "number" && expiresAt >= 0, "expiresAt", "a number of epoch ms", expiresAt);
    check(ttl === undefined, "ttl", "none beside expiresAt", ttl);
  }
  return expiresAt > endOfTime ? Infinity : Math.ceil(expiresAt);
}

/** Whether an entry is not to be seen any more. Without a deadline nobody is asked for the time. */
export function isPast({ expiresAt }: { readonly expiresAt: number }, now: () => number): boolean {
  return expiresAt !== Infinity && expiresAt <= now();
}

/** Returns an entry unless it is not to be seen any more. */
export function live<E extends { readonly expiresAt: number }>(entry: E | undefined, now: () => number): E | undefined {
  return entry && !isPast(entry, now) ? entry : undefined;
}

/** Returns what is written over an entry. If nothing is said of how long it lives, it keeps the deadline. */
export function fresh<V>(
  value: V,
  lifetime: Lifetime | undefined,
  now: () => number,
  current?: { readonly expiresAt: number },
): Entry<V> {
  return { value, expiresAt: current && !isGiven(lifetime) ? current.expiresAt : deadline(lifetime, now) };
}

/**
 * Returns the sum of a number, written as JSON would, or 0, and another. Throws `cant-decode` for what is no number,
 * `invalid-argument` for a sum that is no longer exact.
 */
export function add(current: Uint8Array | undefined, by: number, key: string): number {
  const text = current ? new TextDecoder("utf-8", { ignoreBOM: true }).decode(current) : "0";
  const sum = `${+text}` === text ? +text + by : NaN;
  if (Math.abs(sum) <= Number.MAX_SAFE_INTEGER) return sum;
  const code = Number.isFinite(sum) ? "invalid-argument" : "cant-decode";
  throw new StoreError(code, `Cannot increment key ${quote(key)}: expected a decimal number within 2^53 - 1`, { key });
}
