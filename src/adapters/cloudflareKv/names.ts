import type { Awaitable } from "../../core/contract.ts";
import { decodeText, encodeText } from "../../core/utf8.ts";
import { kindOf } from "../../core/error.ts";

// What Cloudflare KV takes as a name, in UTF-8 bytes.
const maxName = 512;
const mark = "~sha256-";
const hashed = /~sha256-[A-Za-z0-9+/]{43}=$/;
// What the mark and the hash take in a name.
const markedBytes = 52;

/** What lies beside a value. */
interface Metadata {
  /** Epoch ms. Left out for a value that never expires. */
  readonly expiresAt?: number;
  /** What of the key is not in the name, in base64 of its UTF-8. */
  readonly rest?: string;
}

/** Where a value lies, and what goes with it. */
export interface Place {
  readonly name: string;
  readonly rest?: string;
}

/**
 * How keys become names. One that fits is its name. A longer one, and one that is no name, is its beginning, the mark and its
 * SHA-256; what is not in the name lies beside the value. So does a key that looks like such a name: no two keys ever meet.
 */
export interface Names {
  place(key: string): Awaitable<Place>;
  /** The key of a name, `undefined` if it is none of a store's. */
  keyOf(name: string, metadata: unknown): string | undefined;
  /** What the names of all keys with a prefix begin with; those of others may, too. */
  beginning(prefix: string): string;
}

const byteLength = (text: string): number => encodeText(text).length;

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

/** The longest beginning of a text that has so many UTF-8 bytes. */
function cut(text: string, bytes: number): string {
  if (byteLength(text) <= bytes) return text;
  let end = 0;
  let length = 0;
  for (const char of text) {
    length += byteLength(char);
    if (length > bytes) break;
    end += char.length;
  }
  return text.slice(0, end);
}

/** What a store wrote beside a value; of what an app wrote, nothing. */
function metadataOf(metadata: unknown): Metadata {
  const ours = kindOf(metadata) === "Object" ? (metadata as { shelflife?: unknown }).shelflife : undefined;
  return kindOf(ours) === "Object" ? (ours as Metadata) : {};
}

/** Returns the deadline that lies beside a value: without one it never expires. */
export function deadlineOf(metadata: unknown): number {
  const { expiresAt } = metadataOf(metadata);
  return typeof expiresAt === "number" ? expiresAt : Infinity;
}

export function createNames(prefix: string): Names {
  const room = maxName - byteLength(prefix) - markedBytes;
  return {
    place(key) {
      const name = prefix + key;
      if (!hashed.test(key) && name !== "." && name !== ".." && byteLength(name) <= maxName) return { name };
      const head = cut(key, room);
      return crypto.subtle.digest("SHA-256", encodeText(key)).then((hash) => ({
        name: prefix + head + mark + base64(new Uint8Array(hash)),
        rest: base64(encodeText(key.slice(head.length))),
      }));
    },
    keyOf(name, metadata) {
      const text = name.slice(prefix.length);
      if (!hashed.test(text)) return text || undefined;
      const { rest } = metadataOf(metadata);
      if (typeof rest !== "string") return undefined;
      return text.slice(0, -markedBytes) + decodeText(Uint8Array.from(atob(rest), (char) => char.charCodeAt(0)));
    },
    beginning: (start) => prefix + cut(start, room),
  };
}
