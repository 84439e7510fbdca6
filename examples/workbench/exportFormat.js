// The lines that the command's export writes and its import reads: src/cli/exportFile/format.md.
import { StoreError } from "../../dist/shelflife.min.js";
import { toBase64 } from "./copy.js";
import { createSha256 } from "./sha256.js";

const version = 1;
const longText = 2 ** 20;
const longestLine = 2 ** 28;
const members = ["key", "text", "base64", "expiresAt"];
const encoder = new TextEncoder();
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export const headerLine = (prefix) => `${JSON.stringify({ shelflife: "export", version, prefix })}\n`;
export const endLine = (count, sha256) => `${JSON.stringify({ end: true, count, sha256 })}\n`;

/** Writes an entry: the value as text where it is UTF-8, and in base64 where it is not or would be much longer. */
export function entryLine(key, { value, expiresAt }) {
  const text = readText(value);
  const content = text === undefined ? { base64: toBase64(value) } : { text };
  return `${JSON.stringify({ key, ...content, ...(expiresAt !== Infinity && { expiresAt }) })}\n`;
}

function readText(value) {
  try {
    const text = utf8.decode(value);
    return value.length > longText && JSON.stringify(text).length > value.length * 1.5 ? undefined : text;
  } catch {
    return undefined;
  }
}

/**
 * Reads an export as it comes. Yields entries, what is damaged, and the end with whether it stands for all before it; an
 * export without an end was cut. Rejects `cant-decode` for what is no export, or one of another version.
 */
export async function* readExport(chunks) {
  const hash = createSha256();
  let count = 0;
  let line = 0;
  let isOver = false;
  for await (const bytes of readLines(chunks)) {
    line++;
    const found = bytes && parse(bytes);
    if (line === 1) checkHeader(found);
    else if (isOver) yield { kind: "damage", line, expected: "nothing after the end" };
    else if (isEnd(found)) {
      isOver = true;
      yield { kind: "end", line, isWhole: found.count === count && found.sha256 === hash.digest() };
    } else if (!(typeof found?.cursor === "string" && Object.keys(found).length === 1)) {
      const entry = readEntry(found);
      if (typeof entry === "string") yield { kind: "damage", line, expected: entry };
      else {
        count++;
        yield { kind: "entry", line, ...entry };
      }
    }
    if (!isOver && bytes) hash.update(bytes);
  }
  if (!line) checkHeader();
}

const isEnd = (found) => found?.end === true && Number.isSafeInteger(found.count) && typeof found.sha256 === "string";

function checkHeader(found) {
  if (found?.shelflife !== "export" || typeof found.prefix !== "string") {
    throw new StoreError("cant-decode", `Cannot read export: expected ${headerLine("").trim()} in line 1`);
  }
  if (found.version === version) return;
  const got = JSON.stringify(found.version);
  throw new StoreError("cant-decode", `Cannot read export: expected version ${version}, got ${got}`);
}

function parse(bytes) {
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch {
    return undefined;
  }
}

/** Returns the entry of a line, or what was expected of it. */
function readEntry(found) {
  if (Object(found) !== found || Array.isArray(found)) return "a line of JSON, whole";
  const { key, text, base64, expiresAt = Infinity } = found;
  if (typeof key !== "string") return "a key";
  if (Object.keys(found).some((name) => !members.includes(name))) return `only ${members.join(", ")}`;
  const isDeadline = expiresAt === Infinity || (Number.isSafeInteger(expiresAt) && expiresAt > 0);
  if (!isDeadline) return "expiresAt in epoch ms";
  const value = readValue(text, base64);
  return value ? { key, value, expiresAt } : "the value as text or in base64";
}

function readValue(text, base64) {
  if (base64 === undefined) return typeof text === "string" && !/\p{Cs}/u.test(text) ? encoder.encode(text) : undefined;
  if (text !== undefined || typeof base64 !== "string" || base64.length % 4) return undefined;
  try {
    const value = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    return Math.ceil(value.length / 3) * 4 === base64.length ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Splits input into lines, each with its end; yields `undefined` for one that is too long. */
async function* readLines(chunks) {
  let parts = [];
  let length = 0;
  const take = () => {
    const bytes = length > longestLine ? undefined : join(parts, length);
    parts = [];
    length = 0;
    return bytes;
  };
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length;) {
      const found = chunk.indexOf(10, at);
      const end = found < 0 ? chunk.length : found + 1;
      length += end - at;
      if (length > longestLine) parts = [];
      else parts.push(chunk.subarray(at, end));
      at = end;
      if (found >= 0) yield take();
    }
  }
  if (length) yield take();
}

function join(parts, length) {
  if (parts.length === 1) return parts[0];
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
