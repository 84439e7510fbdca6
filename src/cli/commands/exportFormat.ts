import type { Hash } from "node:crypto";
import type { Entry } from "../../core/contract.ts";
import { kindOf, quote, StoreError } from "../../core/error.ts";
import { isKey } from "../../core/key.ts";
import { readBase64, type EntryLine } from "./line.ts";

// An export is lines of JSON:
//   {"shelflife":"export","version":1,"prefix":""}      first
//   {"key":"a","text":"hello","expiresAt":1700000000000} an entry; "base64" in place of "text" where the value is no UTF-8
//   {"cursor":"…"}                                       from here the export can be resumed
//   {"end":true,"count":1,"sha256":"…"}                  last: how many entries, and the SHA-256 of all lines before

/** The version of the format. */
export const version = 1;

/** What an export has of a store. */
export interface ExportHeader {
  readonly prefix: string;
}

/** What a line of an export says. */
export type ExportItem =
  | { readonly kind: "entry"; readonly line: number; readonly key: string; readonly entry: Entry }
  | { readonly kind: "mark"; readonly line: number; readonly cursor: string; readonly endsAt: number }
  /** The last line, and whether all that it stands for was there. */
  | { readonly kind: "end"; readonly line: number; readonly count: number; readonly isWhole: boolean }
  | { readonly kind: "damage"; readonly line: number; readonly expected: string };

export function writeHeader({ prefix }: ExportHeader): string {
  return `${JSON.stringify({ shelflife: "export", version, prefix })}\n`;
}

export function writeMark(cursor: string): string {
  return `${JSON.stringify({ cursor })}\n`;
}

export function writeEnd(count: number, hash: Hash): string {
  return `${JSON.stringify({ end: true, count, sha256: hash.digest("hex") })}\n`;
}

// The longest value that a handler takes by default is a third of this in base64: characters.
const longestLine = 2 ** 28;

/**
 * Reads an export as it comes, a line at a time. `onHeader` is told of the first line. What is damaged is an item among the
 * others; an export without an end item was cut. Rejects `cant-decode` for what is no export, or one of another version.
 */
export async function* readExport(
  chunks: AsyncIterable<Uint8Array>,
  onHeader: (header: ExportHeader) => void = () => {},
): AsyncGenerator<ExportItem> {
  const { createHash } = await import("node:crypto");
  const hash = createHash("sha256");
  let count = 0;
  let number = 0;
  let isOver = false;
  const skip = (part: Uint8Array): void => void (isOver || hash.update(part));
  for await (const { bytes, endsAt } of readLines(chunks, skip)) {
    number++;
    const found = bytes && parse(bytes);
    const line = number;
    if (number === 1) {
      onHeader(checkHeader(found));
      hash.update(bytes!);
    } else if (isOver) {
      yield { kind: "damage", line, expected: "nothing after the end" };
    } else if (isEnd(found)) {
      isOver = true;
      const isWhole = found.count === count && found.sha256 === hash.digest("hex");
      yield { kind: "end", line, count: found.count, isWhole };
    } else {
      if (bytes) hash.update(bytes);
      // One without its end is no place to go on at.
      if (isMark(found) && bytes!.at(-1) === 10) {
        yield { kind: "mark", line, cursor: found.cursor, endsAt };
        continue;
      }
      const entry = readEntry(found);
      if (typeof entry === "string") yield { kind: "damage", line, expected: entry };
      else {
        count++;
        yield { kind: "entry", line, ...entry };
      }
    }
  }
  if (number === 0) checkHeader(undefined);
}

/** Splits what comes into lines, each with its end. One that is too long has no bytes: its parts are skipped. */
async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  skip: (part: Uint8Array) => void,
): AsyncGenerator<{ bytes: Uint8Array | undefined; endsAt: number }> {
  // prettier-ignore
  let parts: Uint8Array[] = [];
  let length = 0;
  let isTooLong = false;
  let endsAt = 0;

  function take(): { bytes: Uint8Array | undefined; endsAt: number } {
    endsAt += length;
    const bytes = isTooLong ? undefined : join(parts, length);
    parts = [];
    length = 0;
    isTooLong = false;
    return { bytes, endsAt };
  }

  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length;) {
      const found = chunk.indexOf(10, at);
      const end = found < 0 ? chunk.length : found + 1;
      parts.push(chunk.subarray(at, end));
      length += end - at;
      at = end;
      if (length > longestLine) {
        isTooLong = true;
        parts.forEach(skip);
        parts = [];
      }
      if (found >= 0) yield take();
    }
  }
  if (length) yield take();
}

function join(parts: readonly Uint8Array[], length: number): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch {
    return undefined;
  }
}

function checkHeader(found: unknown): ExportHeader {
  const { shelflife, version: given, prefix } = Object(found) as Record<string, unknown>;
  if (shelflife !== "export" || typeof prefix !== "string") {
    throw new StoreError("cant-decode", `Cannot read export: expected ${writeHeader({ prefix: "" }).trim()} in line 1`);
  }
  if (given === version) return { prefix };
  throw new StoreError("cant-decode", `Cannot read export: expected version ${version}, got ${quote(given)}`);
}

function isEnd(found: unknown): found is { count: number; sha256: string } {
  const { end, count, sha256 } = Object(found) as Record<string, unknown>;
  return end === true && Number.isSafeInteger(count) && typeof sha256 === "string";
}

function isMark(found: unknown): found is { cursor: string } {
  const { cursor } = Object(found) as Record<string, unknown>;
  return typeof cursor === "string" && Object.keys(found as object).length === 1;
}

const members = ["key", "text", "base64", "expiresAt"];

/** Returns the entry of a line, or what was expected of it. */
function readEntry(found: unknown): { key: string; entry: Entry } | string {
  if (kindOf(found) !== "Object") return "a line of JSON, whole";
  const { key, text, base64, expiresAt = Infinity } = found as Partial<EntryLine>;
  if (!isKey(key)) return "a key of 1 to 1,024 UTF-8 bytes";
  if (Object.keys(found as object).some((name) => !members.includes(name))) return `only ${members.join(", ")}`;
  const isDeadline = expiresAt === Infinity || (Number.isSafeInteger(expiresAt) && expiresAt > 0);
  if (!isDeadline) return "expiresAt in epoch ms";
  const value = readValue(text, base64);
  return value ? { key, entry: { value, expiresAt } } : "the value as text or in base64";
}

function readValue(text: unknown, base64: unknown): Uint8Array | undefined {
  if (base64 === undefined) return typeof text === "string" && !/\p{Cs}/u.test(text) ? encoder.encode(text) : undefined;
  return text === undefined && typeof base64 === "string" ? readBase64(base64) : undefined;
}
