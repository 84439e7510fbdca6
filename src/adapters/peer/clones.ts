import type { Entry } from "../../core/contract.ts";
import { quote, StoreError } from "../../core/error.ts";
import { encodeText } from "../../core/utf8.ts";
import { bytesOf, fromJson, isA, toJson, unreadable } from "./foreign.ts";

// A record of ours in a Uint8Array: this mark, a version, the deadline (float64), the length of the value (uint32), the
// value. The first byte is in no UTF-8 text.
const mark = /* @__PURE__ */ Uint8Array.from("\xffshelflife", (unit) => unit.charCodeAt(0));
const version = 1;
const headerLength = 10 + 1 + 8 + 4;

/**
 * Returns what is kept of an entry where structured clones are kept: with a deadline a record, otherwise the value that JSON text stands
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
 * Returns the entry that is kept so, `undefined` for `null` and `undefined`, an {@link unreadable} one for what has no bytes.
 */
export async function decode(key: string, found: unknown): Promise<Entry | undefined> {
  if (!isBlob(found)) return decodeNow(key, found);
  return { value: new Uint8Array(await (found as Blob).arrayBuffer()), expiresAt: Infinity };
}

/** The same at once, which a Blob is unreadable for. */
export function decodeNow(key: string, found: unknown): Entry | undefined {
  if (found === null || found === undefined) return undefined;
  const bytes = bytesOf(found);
  if (bytes && isMarked(bytes)) return fromRecord(key, bytes);
  try {
    return { value: bytes ?? encodeText(toJson(key, found)), expiresAt: Infinity };
  } catch (error) {
    return unreadable(error as StoreError);
  }
}

/** Whether a value is a Blob, whose bytes are read later. */
const isBlob = (found: unknown): boolean => isA(found, "Blob") || isA(found, "File");

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

function isMarked(bytes: Uint8Array): boolean {
  return mark.every((byte, index) => bytes[index] === byte);
}
