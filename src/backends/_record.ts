import type { Entry, Listed } from "../core/contract.ts";
import { equalBytes, toBytes } from "../core/value.ts";

const utf8 = /* @__PURE__ */ new TextDecoder("utf-8", { ignoreBOM: true });
const strictUtf8 = /* @__PURE__ */ new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });
const utf16 = /* @__PURE__ */ new TextDecoder("utf-16le");

// To ask the encoder takes longer than to go through so many characters.
const shortText = 256;
// To throw an error takes longer than to decode so many bytes and encode them again.
const shortBytes = 4096;

/** What a record tells without its value being decoded. */
export interface Head extends Omit<Listed, "key"> {
  /** Where the value starts. */
  readonly start: number;
}

const unknown: Head = { expiresAt: Infinity, start: 0 };

/**
 * Writes an entry as a string without lone surrogates: the form, the deadline and the length, both in base 36, then the
 * value. In form t that is text, if it is valid UTF-8; in form b any other, in UTF-16 units of 15 bits.
 */
export function writeRecord({ value, expiresAt }: Entry): string {
  const { length } = value;
  const head = `${expiresAt < Infinity ? expiresAt.toString(36) : ""},${length.toString(36)},`;
  const text = textOf(value);
  if (text !== undefined) return `t${head}${text}`;
  return `b${head}${utf16.decode(pack(value))}`;
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

/** Reads the value of a record with that head, if it is whole. */
export function readValue(record: string, { size, start }: Head): Uint8Array | undefined {
  const length = record.length - start;
  if (size === undefined) return undefined;
  if (record[0] === "t") {
    // A character takes one byte only if it is ASCII.
    if (size === length && size <= shortText) return readAscii(record, start);
    const value = toBytes(record.slice(start));
    return value.length === size ? value : undefined;
  }
  return length === unitsFor(size) ? unpack(record, start, size) : undefined;
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

/** Reads the rest of a text that is ASCII. */
function readAscii(text: string, start: number): Uint8Array | undefined {
  const value = new Uint8Array(text.length - start);
  for (let at = 0; at < value.length; at++) {
    const unit = text.charCodeAt(start + at);
    if (unit > 127) return undefined;
    value[at] = unit;
  }
  return value;
}

/** Decodes bytes that are UTF-8. */
function textOf(value: Uint8Array): string | undefined {
  try {
    if (value.length > shortBytes) return strictUtf8.decode(value);
    const text = utf8.decode(value);
    // It stands for what cannot be decoded, and for itself.
    return text.includes("\ufffd") && !equalBytes(toBytes(text), value) ? undefined : text;
  } catch {
    // Shared memory, too, is not decoded.
    return undefined;
  }
}

function unitsFor(bytes: number): number {
  return Math.ceil((bytes * 8) / 15);
}

/** Puts the bits of bytes into units of 15. The last is padded with zeros. */
function pack(value: Uint8Array): Uint16Array {
  const units = new Uint16Array(unitsFor(value.length));
  let bits = 0;
  let count = 0;
  let at = 0;
  for (let index = 0; index < value.length; index++) {
    bits = (bits << 8) | value[index]!;
    count += 8;
    if (count >= 15) units[at++] = (bits >> (count -= 15)) & 0x7fff;
  }
  if (count) units[at] = (bits << (15 - count)) & 0x7fff;
  return units;
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
