import type { Entry } from "../../core/contract.ts";
import { quote, StoreError } from "../../core/error.ts";
import { fromBase64, toBase64 } from "./names.ts";

/** What stands for a removed value where an object cannot be removed: one that has always been expired. */
export const gone: Entry = { value: new Uint8Array(), expiresAt: 0 };

/** The one header in which an object's metadata are, so that they are there as a whole or not at all. */
export const metaHeader = "x-amz-meta-shelflife";

/** What the metadata of an object say. */
export interface Meta {
  /** Epoch ms, `Infinity` for never, 0 of an object that stands for a removed value. */
  readonly expiresAt: number;
  /** The length of the value in bytes. */
  readonly size: number;
  /** Which write made the object, and which ones made those before it, the last first, as far as each was written over. */
  readonly write: string;
  readonly before: readonly string[];
  /** The SHA-256 of the object's bytes, in hex. */
  readonly sha256: string;
  /** The key, if the name does not say it. */
  readonly key?: string | undefined;
}

/** An object as it is sent. */
export interface Sealed {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly write: string;
  readonly sha256: string;
  readonly meta: string;
}

// After the value, if it has a deadline. An ETag is that of the bytes alone: with the deadline in them it stands for both, and
// no condition takes a refreshed value for the expired one with the same bytes.
const tailLength = "\nexpires-at=0000000000000000\n".length;
const tailPattern = /^\nexpires-at=(?:\d{16}|-{16})\n$/;

function tailOf(expiresAt: number): string {
  return `\nexpires-at=${expiresAt === Infinity ? "-".repeat(16) : String(expiresAt).padStart(16, "0")}\n`;
}

// How many earlier writes an object names: by them a store that lost an answer finds out what came of its write.
const remembered = 16;

/** Returns the object of an entry, to be written over another. Its key is in it where the name does not say it. */
export async function seal({ value, expiresAt }: Entry, key?: string, over?: Meta): Promise<Sealed> {
  // Whoever ends a value without a deadline in such a tail gets one more, so that different entries are different bytes.
  const hasTail = expiresAt !== Infinity || tailPattern.test(ending(value));
  const tail = hasTail ? new TextEncoder().encode(tailOf(expiresAt)) : new Uint8Array();
  const body = new Uint8Array(value.length + tail.length);
  body.set(value);
  body.set(tail, value.length);
  const sha256 = await hash(body);
  const write = toBase64(crypto.getRandomValues(new Uint8Array(9)));
  const before = over ? [over.write, ...over.before].slice(0, remembered) : [];
  const deadline = expiresAt === Infinity ? "never" : expiresAt;
  const meta = `expires-at=${deadline} size=${value.length} write=${[write, ...before].join(",")} sha256=${sha256}`;
  return {
    body,
    write,
    sha256,
    meta: key === undefined ? meta : `${meta} key=${toBase64(new TextEncoder().encode(key))}`,
  };
}

/** Reads metadata. Returns `undefined` for those of an object that no store has made. */
export function readMeta(headers: Headers): Meta | undefined {
  const pattern =
    /^expires-at=(\d{1,16}|never) size=(\d{1,15}) write=([\w,-]+) sha256=([0-9a-f]{64})(?: key=([\w-]+))?$/;
  const found = pattern.exec(headers.get(metaHeader) ?? "");
  if (!found) return undefined;
  const [, expiresAt, size, writes, sha256, key] = found as unknown as string[];
  const [write, ...before] = writes!.split(",");
  return {
    expiresAt: expiresAt === "never" ? Infinity : Number(expiresAt),
    size: Number(size),
    write: write!,
    before,
    sha256: sha256!,
    key: key && new TextDecoder("utf-8", { ignoreBOM: true }).decode(fromBase64(key)),
  };
}

/** Returns the value in an object's bytes, or `undefined` if these are not the bytes that were written. */
export async function unseal(
  body: Uint8Array<ArrayBuffer>,
  { expiresAt, size, sha256 }: Meta,
): Promise<Uint8Array | undefined> {
  const isWhole = body.length === size || (body.length === size + tailLength && ending(body) === tailOf(expiresAt));
  return isWhole && (await hash(body)) === sha256 ? body.subarray(0, size) : undefined;
}

/** The error of an object that a store cannot have made. */
export function foreign(key: string): StoreError {
  const message = `Cannot decode key ${quote(key)}: expected an object that a store has written, got another`;
  return new StoreError("cant-decode", message, { key });
}

/** The SHA-256 of some bytes, in hex. */
export async function hash(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function ending(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes.subarray(-tailLength));
}
