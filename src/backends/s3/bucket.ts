import type { Call } from "../../core/contract.ts";
import { StoreError } from "../../core/error.ts";
import { createConditionals, type Conditionals } from "./conditionals.ts";
import type { Names } from "./names.ts";
import { metaHeader, readMeta, unseal, type Meta, type Sealed } from "./object.ts";
import type { Send } from "./send.ts";
import { parseXml, textOf } from "./xml.ts";

/** An object as it was found. */
export interface Found {
  /** Stands for the object's bytes, and so for value and deadline. */
  readonly etag: string;
  /** Missing from an object that no store has made. */
  readonly meta?: Meta | undefined;
  /** Missing if it was not asked for. */
  readonly value?: Uint8Array;
}

/** One line of a listing. */
export interface Line {
  readonly name: string;
  readonly etag: string;
}

/** The most that a page of a listing holds. */
export const longestPage = 1000;

type By = Pick<Call, "signal">;

/** The objects of a bucket. */
export interface Bucket {
  /** What the server makes of conditional requests. */
  conditionals(): Promise<Conditionals>;
  read(name: string, by: By): Promise<Found | undefined>;
  /** The same without the value. */
  look(name: string, by: By): Promise<Found | undefined>;
  put(name: string, object: Sealed, by: By): Promise<void>;
  /** Writes an object over what was found, or where nothing was. Resolves with whether that was still so. */
  putOver(found: Found | undefined, name: string, object: Sealed, by: By): Promise<boolean>;
  /** Writes an object without bytes. */
  mark(name: string, by: By): Promise<void>;
  /** Removes an object, if there is one. */
  drop(name: string, by: By): Promise<void>;
  /**
   * Removes what was found, and resolves with whether it was still there. When the answer is lost and the object gone, it
   * counts as removed by this call (`mine`), or the call rejects (`conflict`).
   */
  dropFound(found: Found, name: string, ifLost: "mine" | "conflict", by: By): Promise<boolean>;
  /** Reads the names after one, in their order, which begin with a prefix. */
  page(prefix: string, after: string, limit: number, by: By): Promise<{ lines: Line[]; isLast: boolean }>;
}

/** Returns the objects that requests can be sent for. */
export function createBucket(send: Send, names: Names): Bucket {
  const conditionals = createConditionals(send, names);

  const look: Bucket["look"] = (name, by) => send(by, { method: "HEAD", name, read: (headers) => readFound(headers) });

  /**
   * Finds out what came of a write over what was found, if its answer was lost: `true` if it was applied, `undefined` if not.
   * Rejects when nobody knows, because others have written since without saying what they wrote over.
   */
  function judge(found: Found | undefined, current: Found | undefined, write?: string): true | undefined {
    const writes = current?.meta ? [current.meta.write, ...current.meta.before] : [];
    if (write !== undefined && writes.includes(write)) return true;
    if (found?.meta ? writes.includes(found.meta.write) : found?.etag === current?.etag) return undefined;
    const expected = "expected to find it, or what it was to replace";
    throw new StoreError("conflict", `Cannot know whether a write was applied: ${expected}, got another's`);
  }

  return {
    conditionals,
    look,
    read: (name, by) =>
      send(by, {
        method: "GET",
        name,
        async read(headers, body) {
          const found = readFound(headers);
          if (!found?.meta) return found;
          const value = await unseal(body, found.meta);
          return value && { ...found, value };
        },
      }),
    async put(name, { body, meta }, by) {
      await send(by, { method: "PUT", name, headers: { [metaHeader]: meta }, body, read: readWritten });
    },
    async putOver(found, name, { body, meta, write }, by) {
      const { tag } = await conditionals();
      const written = await send(by, {
        method: "PUT",
        name,
        headers: {
          [metaHeader]: meta,
          ...(found ? { "if-match": tag(found.etag) } : { "if-none-match": "*" }),
        },
        body,
        read: readWritten,
        isDone: async () => judge(found, await look(name, by), write),
      });
      return written !== undefined;
    },
    async mark(name, by) {
      await send(by, { method: "PUT", name, body: new Uint8Array(), read: readWritten });
    },
    async drop(name, by) {
      await send(by, { method: "DELETE", name, read: () => true });
    },
    async dropFound(found, name, ifLost, by) {
      const { tag } = await conditionals();
      const dropped = await send(by, {
        method: "DELETE",
        name,
        headers: { "if-match": tag(found.etag) },
        read: () => true,
        async isDone() {
          const current = await look(name, by);
          return !current && ifLost === "mine" ? true : judge(found, current);
        },
      });
      return dropped !== undefined;
    },
    async page(prefix, after, limit, by) {
      const query = {
        "list-type": "2",
        "encoding-type": "url",
        prefix,
        "max-keys": `${limit}`,
        ...(after && { "start-after": after }),
      };
      const page = await send(by, { method: "GET", query, read: (_, body) => readPage(body, after) });
      // The bucket itself is never a missing object.
      if (!page) throw new StoreError("unavailable", "Cannot list the bucket: expected a listing, got none");
      return page;
    },
  };
}

/** Reads a listing to its end, page by page. */
export async function* pagesOf(bucket: Bucket, prefix: string, by: By): AsyncIterable<Line[]> {
  for (let after = ""; ;) {
    by.signal?.throwIfAborted();
    const { lines, isLast } = await bucket.page(prefix, after, longestPage, by);
    yield lines;
    if (isLast) return;
    after = lines.at(-1)!.name;
  }
}

/** Reads what an answer says of an object. Without a tag it is not S3's. */
function readFound(headers: Headers): Found | undefined {
  const etag = headers.get("etag");
  return etag ? { etag, meta: readMeta(headers) } : undefined;
}

/** Takes a write for done if the answer is one that S3 gives to it. */
function readWritten(headers: Headers, body: Uint8Array): true | undefined {
  return headers.get("etag") && body.length === 0 ? true : undefined;
}

/** Reads a page of names after one. A page that leads no further would be asked for for ever. */
function readPage(body: Uint8Array, after: string): { lines: Line[]; isLast: boolean } | undefined {
  const document = parseXml(new TextDecoder().decode(body));
  const isTruncated = textOf(document, "IsTruncated");
  if (document?.name !== "ListBucketResult" || !["true", "false"].includes(isTruncated ?? "")) return undefined;
  const lines: Line[] = [];
  for (const element of document.children) {
    if (element.name !== "Contents") continue;
    const [name, etag] = [textOf(element, "Key"), textOf(element, "ETag")];
    if (!name || !etag) return undefined;
    lines.push({ name: decode(name), etag });
  }
  const isLast = isTruncated === "false";
  return isLast || (lines.at(-1)?.name ?? after) !== after ? { lines, isLast } : undefined;
}

function decode(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    // None of ours, which have nothing to encode but "/" and "!".
    return name;
  }
}
