import type { Entry } from "../core/contract.ts";
import { decodeText } from "../core/utf8.ts";

/** An entry as a line of JSON has it: the value as text where it is UTF-8, and in base64 where it is not. */
export interface EntryLine {
  readonly key: string;
  readonly text?: string;
  readonly base64?: string;
  /** Epoch ms; absent for never. */
  readonly expiresAt?: number;
}

// How much is turned into text at once, and from which length on it is looked how much that makes: bytes.
const chunk = 0x8000;
const longText = 2 ** 20;

/** Writes an entry as a line shows it. */
export function toLine(key: string, { value, expiresAt }: Entry): EntryLine {
  return { key, ...writeValue(value), ...(expiresAt !== Infinity && { expiresAt }) };
}

function writeValue(value: Uint8Array): { text: string } | { base64: string } {
  const text = readText(value);
  if (text !== undefined) return { text };
  let binary = "";
  for (let at = 0; at < value.length; at += chunk) binary += String.fromCharCode(...value.subarray(at, at + chunk));
  return { base64: btoa(binary) };
}

function readText(value: Uint8Array): string | undefined {
  try {
    const text = decodeText(value);
    // A long text of control characters alone would be six times as long.
    return value.length > longText && JSON.stringify(text).length > value.length * 1.5 ? undefined : text;
  } catch {
    return undefined;
  }
}

/** Returns the bytes that base64 stands for, or `undefined` if it is none, or not padded. */
export function readBase64(base64: string): Uint8Array | undefined {
  if (base64.length % 4) return undefined;
  let binary: string;
  try {
    binary = atob(base64);
  } catch {
    return undefined;
  }
  if (Math.ceil(binary.length / 3) * 4 !== base64.length) return undefined;
  const value = new Uint8Array(binary.length);
  for (let at = 0; at < value.length; at++) value[at] = binary.charCodeAt(at);
  return value;
}

/** Shows a key in a line of its own: as it is, or as a JSON string where it could be taken for another. */
export function showKey(key: string): string {
  return /^"|[\p{Cc}\u2028\u2029]/u.test(key) ? JSON.stringify(key) : key;
}
