import type { Hash } from "node:crypto";
import type { Entry } from "../../core/contract.ts";
import { kindOf, quote, StoreError } from "../../core/error.ts";
import { isKey } from "../../core/key.ts";
import { decodeText, encodeText } from "../../core/utf8.ts";
import { readBase64, type EntryLine } from "../entryLine.ts";

// An export is lines of JSON, as format.md has them:
//   {"shelflife":"export","version":1,"prefix":""}      first
//   {"key":"a","text":"hello","expiresAt":1700000000000} an entry; "base64" in place of "text" where the value is no UTF-8
//   {"cursor":"…"}                                       from here the export can be resumed
//   {"end":true,"count":1,"sha256":"…"}                  last: how many entries, and the SHA-256 of all lines before

/** The version of the format. */
export const version = 1;

/** What an export begins with. */
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

/** Writes the first line. */
export function writeHeader({ prefix }: ExportHeader): string {
  return `${JSON.stringify({ shelflife: "export", version, prefix })}\n`;
}

/** Writes a line from which the export can be resumed. */
export function writeMark(cursor: string): string {
  return `${JSON.stringify({ cursor })}\n`;
}

/** Writes the last line. */
export function writeEnd(count: number, hash: Hash): string {
  return `${JSON.stringify({ end: true, count, sha256: hash.digest("hex") })}\n`;
}

/** Parses a line, or returns `undefined` for what is no JSON. */
export function parseLine(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decodeText(bytes));
  } catch {
    return undefined;
  }
}

/** Returns what the first line says. Throws `cant-decode` for what is no export, or one of another version. */
export function readHeader(found: unknown): ExportHeader {
  const { shelflife, version: given, prefix } = Object(found) as Record<string, unknown>;
  if (shelflife !== "export" || typeof prefix !== "string") {
    throw new StoreError("cant-decode", `Cannot read export: expected ${writeHeader({ prefix: "" }).trim()} in line 1`);
  }
  if (given === version) return { prefix };
  throw new StoreError("cant-decode", `Cannot read export: expected version ${version}, got ${quote(given)}`);
}

/** Whether a line is the last one. */
export function isEnd(found: unknown): found is { count: number; sha256: string } {
  const { end, count, sha256 } = Object(found) as Record<string, unknown>;
  return end === true && Number.isSafeInteger(count) && typeof sha256 === "string";
}

/** Whether a line is a mark. */
export function isMark(found: unknown): found is { cursor: string } {
  const { cursor } = Object(found) as Record<string, unknown>;
  return typeof cursor === "string" && Object.keys(found as object).length === 1;
}

const members = ["key", "text", "base64", "expiresAt"];

/** Returns the entry of a line, or what was expected of it. */
export function readEntry(found: unknown): { key: string; entry: Entry } | string {
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
  if (base64 === undefined) return typeof text === "string" && !/\p{Cs}/u.test(text) ? encodeText(text) : undefined;
  return text === undefined && typeof base64 === "string" ? readBase64(base64) : undefined;
}
