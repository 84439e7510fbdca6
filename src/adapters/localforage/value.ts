import type { Entry } from "../../core/contract.ts";
import { quote, StoreError } from "../../core/error.ts";
import { decodeText, encodeText } from "../../core/utf8.ts";

// A record of ours in a Uint8Array: this mark, a version, the deadline (float64), the length of the value (uint32), the
// value. The first byte is in no UTF-8 text.
const mark = /* @__PURE__ */ Uint8Array.from("\xffshelflife", (unit) => unit.charCodeAt(0));
const version = 1;
const headerLength = 10 + 1 + 8 + 4;

/**
 * Returns what localForage keeps for an entry: with a deadline a record, otherwise the value that JSON text stands
 * for, if that gives the same text again, or the bytes.
 */
export function encode({ value, expiresAt }: Entry): unknown {
  if (expiresAt === Infinity && !isMarked(value)) {
    // localForage's localStorage driver stores the whole buffer of a view.
    return fromJson(value) ?? (value.byteLength === value.buffer.byteLength ? value : value.slice());
  }
  const record = new Uint8Array(headerLength + value.length);
  const view = new DataView(record.buffer);
  record.set(mark);
  view.setUint8(mark.length, version);
  view.setFloat64(mark.length + 1, expiresAt);
  view.setUint32(mark.length + 9, value.length);
  record.set(value, headerLength);
  return record;
}

/**
 * Returns the entry that localForage keeps, `undefined` for its null, an {@link unreadable} one for what
 * has no bytes.
 */
export async function decode(key: string, found: unknown): Promise<Entry | undefined> {
  if (found === null || found === undefined) return undefined;
  if (isA(found, "Blob") || isA(found, "File")) {
    return { value: new Uint8Array(await (found as Blob).arrayBuffer()), expiresAt: Infinity };
  }
  const bytes = toBytes(found);
  if (bytes && isMarked(bytes)) return fromRecord(key, bytes);
  try {
    return { value: bytes ?? encodeText(toJson(key, found)), expiresAt: Infinity };
  } catch (error) {
    return unreadable(error as StoreError);
  }
}

function fromRecord(key: string, record: Uint8Array): Entry {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  const isKnown = record.length >= headerLength && view.getUint8(mark.length) === version;
  // Without a deadline to be read, the record stays until somebody replaces or removes it.
  const expiresAt = isKnown ? view.getFloat64(mark.length + 1) : Infinity;
  if (isKnown && record.length - headerLength === view.getUint32(mark.length + 9)) {
    return { value: record.slice(headerLength), expiresAt };
  }
  const message = `Cannot decode key ${quote(key)}: expected a whole record of version ${version}`;
  return unreadable(new StoreError("cant-decode", message, { key }), expiresAt);
}

/** Returns an entry that throws when its value is looked at, so that it can still be listed, replaced and removed. */
export function unreadable(error: StoreError, expiresAt: number = Infinity): Entry {
  return {
    expiresAt,
    get value(): never {
      throw error;
    },
  };
}

function isMarked(bytes: Uint8Array): boolean {
  return mark.every((byte, index) => bytes[index] === byte);
}

function isA(value: unknown, kind: string): boolean {
  return Object.prototype.toString.call(value) === `[object ${kind}]`;
}

function toBytes(found: unknown): Uint8Array | undefined {
  if (isA(found, "ArrayBuffer")) return new Uint8Array(found as ArrayBuffer);
  return ArrayBuffer.isView(found) ? new Uint8Array(found.buffer, found.byteOffset, found.byteLength) : undefined;
}

function toJson(key: string, found: unknown): string {
  let cause: unknown;
  try {
    if (isJson(found)) return JSON.stringify(found);
  } catch (error) {
    cause = error; // cyclic, or too deep
  }
  const expected = `expected bytes or what JSON can tell, got ${quote(found)}`;
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
function fromJson(bytes: Uint8Array): unknown {
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
