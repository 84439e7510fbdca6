import type { Entry } from "../../core/contract.ts";
import { quote, StoreError } from "../../core/error.ts";
import { decodeText, encodeText } from "../../core/utf8.ts";
import { unreadable } from "./foreign.ts";

// A record is text, for what keeps nothing else: this mark, the deadline (nothing for none), "~t" and text, or "~b" and base64.
const mark = "~shelflife1~";

/** Whether text begins as a record does. */
export const isRecord = (text: string): boolean => text.startsWith(mark);

/** Returns the text that bytes are, unless they are none that every medium keeps. */
export function textIn(bytes: Uint8Array): string | undefined {
  try {
    const text = decodeText(bytes);
    return text.includes("\0") ? undefined : text;
  } catch {
    return undefined;
  }
}

/** Returns the record of an entry. */
export function toRecord({ value, expiresAt }: Entry): string {
  const text = textIn(value);
  return `${mark}${expiresAt === Infinity ? "" : expiresAt}~${text === undefined ? `b${toBase64(value)}` : `t${text}`}`;
}

/** Returns the entry of a record, an unreadable one for what is no whole record. */
export function fromRecord(key: string, record: string): Entry {
  const [, digits, kind, rest] = /^(\d*(?:\.\d+)?)~([tb])(.*)$/s.exec(record.slice(mark.length)) ?? [];
  const expiresAt = digits ? Number(digits) : Infinity;
  try {
    if (kind) return { value: kind === "t" ? encodeText(rest!) : fromBase64(rest!), expiresAt };
  } catch {
    // What is no base64 was cut.
  }
  const message = `Cannot decode key ${quote(key)}: expected a whole record of this version`;
  return unreadable(new StoreError("cant-decode", message, { key }), expiresAt);
}

function toBase64(bytes: Uint8Array): string {
  let units = "";
  // So many arguments any engine takes.
  for (let at = 0; at < bytes.length; at += 8192) units += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(units);
}

const fromBase64 = (text: string): Uint8Array => Uint8Array.from(atob(text), (unit) => unit.charCodeAt(0));
