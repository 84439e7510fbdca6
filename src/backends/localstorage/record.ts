import type { Entry, Listed, Value } from "../../core/contract.ts";
import { isWellFormed } from "../../core/key.ts";
import { toBytes } from "../../core/value.ts";
import { decodeText } from "../../core/utf8.ts";

// Up to so many bytes are decoded by hand, in as many units as a call takes everywhere. A short text that a TextDecoder made takes
// Chromium twice the time to store, and to find that there is none takes an error. Of long ones its speed outweighs that.
const shortBytes = 4096;

/** What is known of a record without its value being decoded. */
export interface Head extends Omit<Listed, "key"> {
  /** Where the value starts. */
  readonly start: number;
}

const unknown: Head = { expiresAt: Infinity, start: 0 };

/**
 * Writes an entry as a string without lone surrogates: the form, the deadline and the length, both in base 36, then the
 * value. The length begins with a zero, which version 0.1 reads and did not write. In form t the value is text, if it is valid UTF-8; in form b any other, in UTF-16 units of 15 bits.
 */
export function writeRecord({ value, expiresAt }: Entry<Value>): string {
  const size = typeof value === "string" ? sizeOf(value) : value.length;
  const head = `${expiresAt < Infinity ? expiresAt.toString(36) : ""},0${size.toString(36)},`;
  if (typeof value === "string" && isWellFormed(value)) return `t${head}${value}`;
  const bytes = toBytes(value);
  const text = textOf(bytes);
  return text === undefined ? `b${head}${pack(bytes)}` : `t${head}${text}`;
}

/** Whether an item is a record that version 0.1 wrote. */
export function isOldRecord(item: string): boolean {
  return /^[tb]-?[\da-z]*,(0|[1-9a-z][\da-z]*),/.test(item);
}

/** Reads the head of a record. Of one that is damaged, or of a version to come, nothing is known. */
export function readHead(record: string): Head {
  const form = record[0];
  const comma = record.indexOf(",");
  const start = record.indexOf(",", comma + 1) + 1;
  if ((form !== "t" && form !== "b") || !start) return unknown;
  // Before 1970 it is negative.
  const isEarly = record[1] === "-";
  const deadline = readNumber(record, isEarly ? 2 : 1, comma);
  const expiresAt = comma === 1 ? Infinity : isEarly ? -deadline : deadline;
  const size = readNumber(record, comma + 1, start - 1);
  return Number.isNaN(expiresAt + size) ? unknown : { expiresAt, size, start };
}

/** Reads the value of a record with that head, if it is whole: text as it is. */
export function readValue(record: string, { size, start }: Head): Value | undefined {
  if (size === undefined) return undefined;
  if (record[0] === "b") return record.length - start === unitsFor(size) ? unpack(record, start, size) : undefined;
  const text = record.slice(start);
  // ASCII has as many bytes as units, so that it need not be gone through.
  if (text.length !== size && toBytes(text).length !== size) return undefined;
  // A lone surrogate, which only others can have put there, is to be the same to every reader.
  return isWellFormed(text) ? text : toBytes(text);
}

/** Reads a number in base 36 from a part of a text: NaN if it is none. */
function readNumber(text: string, from: number, to: number): number {
  let number = from < to ? 0 : NaN;
  for (; from < to; from++) {
    const unit = text.charCodeAt(from);
    const digit = unit < 58 ? unit - 48 : unit > 96 ? unit - 87 : NaN;
    number = digit >= 0 && digit < 36 ? number * 36 + digit : NaN;
  }
  return number;
}

/** Returns how many bytes of UTF-8 a text takes. */
function sizeOf(text: string): number {
  // Encoding it only for that takes longer.
  return /[^\0-\x7f]/.test(text) ? toBytes(text).length : text.length;
}

/** Decodes bytes that are UTF-8. */
function textOf(value: Uint8Array): string | undefined {
  if (value.length <= shortBytes) return shortTextOf(value);
  try {
    return decodeText(value);
  } catch {
    // Shared memory, too, is not decoded.
    return undefined;
  }
}

/** Decodes as the Unicode Standard has it in its table 3-7: no form that is overlong, no surrogate, nothing beyond the last character. */
function shortTextOf(value: Uint8Array): string | undefined {
  const units: number[] = [];
  for (let at = 0; at < value.length;) {
    let point = value[at++]!;
    if (point > 0x7f) {
      if (point < 0xc2 || point > 0xf4) return undefined;
      const more = point < 0xe0 ? 1 : point < 0xf0 ? 2 : 3;
      point &= 0x3f >> more;
      for (const end = at + more; at < end; at++) {
        const byte = value[at]!;
        if (byte >> 6 !== 2) return undefined;
        point = (point << 6) | (byte & 0x3f);
      }
      if (point < 1 << (5 * more + 1) || point >> 11 === 27 || point > 0x10ffff) return undefined;
    }
    if (point > 0xffff) units.push(0xd7c0 + (point >> 10), 0xdc00 | (point & 0x3ff));
    else units.push(point);
  }
  return String.fromCharCode(...units);
}

function unitsFor(bytes: number): number {
  return Math.ceil((bytes * 8) / 15);
}

/** Puts the bits of bytes into units of 15. The last is padded with zeros. */
function pack(value: Uint8Array): string {
  let text = "";
  let units: number[] = [];
  let bits = 0;
  let count = 0;
  for (let index = 0; index < value.length; index++) {
    bits = (bits << 8) | value[index]!;
    count += 8;
    if (count < 15) continue;
    units.push((bits >> (count -= 15)) & 0x7fff);
    if (units.length < shortBytes) continue;
    text += String.fromCharCode(...units);
    units = [];
  }
  if (count) units.push((bits << (15 - count)) & 0x7fff);
  return text + String.fromCharCode(...units);
}

/** Takes so many bytes out of units of 15 bits. */
function unpack(text: string, start: number, size: number): Uint8Array {
  const value = new Uint8Array(size);
  let bits = 0;
  let count = 0;
  for (let at = 0; at < size; at++) {
    if (count < 8) {
      bits = (bits << 15) | text.charCodeAt(start++);
      count += 15;
    }
    value[at] = bits >> (count -= 8);
  }
  return value;
}
