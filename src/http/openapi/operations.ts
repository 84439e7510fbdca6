import type { StoreErrorCode } from "../../core/error.ts";
import type { Action } from "../server/access.ts";
import { frameType, jsonType, plainType, streamType, type reasons } from "../server/reply.ts";
import { lastHeader, onceHeader, timeoutHeader, ttlHeader, type Method, type Resource } from "../wire.ts";

/** Why a request may be refused: a reason of the handler's own, or an error of the store. */
export type Refusal = Exclude<keyof typeof reasons, "path" | "method"> | StoreErrorCode;
type Schema = Readonly<Record<string, unknown>>;
export type Content = Readonly<Record<string, { readonly schema?: Schema }>>;

/** What a request does, what it may have and how it is answered. */
export interface Described {
  readonly summary: string;
  readonly description?: string;
  /** What its sender has to be allowed to do. */
  readonly needs: readonly Action[];
  /** Its parameters, by their names among {@link parameters}. */
  readonly query?: readonly string[];
  /** Of these the ones that it has to have. */
  readonly required?: readonly string[];
  /** Its headers besides those of every request. */
  readonly headers?: readonly string[];
  readonly body?: { readonly description: string; readonly required?: boolean; readonly content: Content };
  readonly answers: Readonly<Record<number, Answer>>;
  /** Why it may be refused besides what holds for every request. */
  readonly refusals?: readonly Refusal[];
  /** What to tell `curl` to try it; `{url}` stands for the address. */
  readonly example: string;
}

/** An answer that is no refusal. */
export interface Answer {
  readonly description: string;
  /** Its headers besides those of every answer. */
  readonly headers?: readonly string[];
  readonly content?: Content;
}

const schema = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
const json = (name: string): Content => ({ [jsonType]: { schema: schema(name) } });
const done = (description: string): Readonly<Record<number, Answer>> => ({ 204: { description } });

/** A value with the type that it was written with. */
const value: Content = { "*/*": {}, [plainType]: {} };
const long = ["content-length"];
const about = [...long, "etag", ttlHeader, "content-security-policy"];
const conditions = ["if-match", "if-none-match"];
const one = { query: ["key"], required: ["key"] };

/** Why any request may be refused: whatever error the store behind it has is told. */
export const always: readonly Refusal[] = ["invalid-argument", "unauthorized", "forbidden", "not-found", "conflict", "cant-decode", "cant-encode", "bad-config", "internal", "unsupported", "closed", "unavailable", "late", "quota-exceeded"]; // prettier-ignore
/** Why any may that is no mere read. */
export const onWrites: readonly Refusal[] = ["running", "size", "encoding", "reuse"];

/** What there is to be asked for. */
export const operations: { readonly [resource in Resource]: { readonly [method in Method]?: Described } } = {
  entry: {
    GET: {
      ...one,
      summary: "Read a value",
      description:
        "The bytes as they were written, with the content type that they were written with. So that a value can do no harm to the pages of this origin, one with a type of its own is shown in a sandbox, and is no script.",
      needs: ["read"],
      headers: conditions,
      answers: {
        200: { description: "The value.", headers: about, content: value },
        304: { description: "The value is still the one that `If-None-Match` names.", headers: ["etag", ttlHeader] },
      },
      refusals: ["not-found", "condition"],
      example: '-i "{url}?key=greeting"',
    },
    HEAD: {
      ...one,
      summary: "Read what there is to know about a value",
      description: "The same as reading it, without the bytes.",
      needs: ["read"],
      headers: conditions,
      answers: {
        200: { description: "There is a value.", headers: about },
        304: { description: "The value is still the one that `If-None-Match` names.", headers: ["etag", ttlHeader] },
      },
      refusals: ["not-found", "condition"],
      example: '-I "{url}?key=greeting"',
    },
    PUT: {
      ...one,
      summary: "Write a value",
      description:
        "Answered when the medium has committed it. Without a lifetime the value never expires, whatever deadline the key had.",
      needs: ["write"],
      headers: [ttlHeader, ...conditions],
      body: {
        description: "The value: any bytes, none among them. A `Content-Type` is kept with these very bytes.",
        content: value,
      },
      answers: done("It is written."),
      refusals: ["condition"],
      example: "-X PUT -H 'Content-Type: text/plain' -H 'Shelflife-TTL: 60000' -d hello \"{url}?key=greeting\"",
    },
    DELETE: {
      ...one,
      summary: "Remove a value",
      needs: ["write"],
      headers: conditions,
      answers: done("It is removed."),
      refusals: ["not-found", "condition"],
      example: '-X DELETE "{url}?key=greeting"',
    },
  },
  entries: {
    GET: {
      query: ["prefix", "limit", "cursor"],
      summary: "List keys",
      description: "A page of the live keys with what is known about each. The last page has no cursor.",
      needs: ["list"],
      answers: { 200: { description: "A page.", headers: long, content: json("Page") } },
      example: '"{url}?prefix=a&limit=10"',
    },
    DELETE: {
      query: ["prefix"],
      required: ["prefix"],
      summary: "Remove all values, or those below a prefix",
      description: "Who means everything has to say so: the prefix is then empty.",
      needs: ["write"],
      answers: done("They are removed."),
      example: '-X DELETE "{url}?prefix=a"',
    },
  },
  take: {
    POST: {
      ...one,
      summary: "Read a value and remove it",
      description: "Atomic: of many who take it one gets it.",
      needs: ["read", "write"],
      answers: { 200: { description: "The value that was there.", headers: long, content: { [plainType]: {} } } },
      refusals: ["not-found"],
      example: '-X POST "{url}?key=greeting"',
    },
  },
  increment: {
    POST: {
      query: ["key", "by"],
      required: ["key"],
      summary: "Add to a number",
      description:
        "Atomic. The value is a decimal number as text; where there is none it counts as 0, and only then the lifetime applies.",
      needs: ["read", "write"],
      headers: [ttlHeader],
      answers: { 200: { description: "The sum.", headers: long, content: json("Number") } },
      example: '-X POST "{url}?key=visits&by=1"',
    },
  },
  touch: {
    POST: {
      ...one,
      summary: "Give a value a new deadline",
      description: "Without a lifetime it never expires from now on.",
      needs: ["write"],
      headers: [ttlHeader],
      answers: done("It has the new deadline."),
      refusals: ["not-found"],
      example: "-X POST -H 'Shelflife-TTL: 60000' \"{url}?key=greeting\"",
    },
  },
  batch: {
    POST: {
      summary: "Do many things in one request",
      description:
        "A frame: a line of JSON (a `Batch`) that ends with a line feed, then the values that it announces, one after the other, as they are. To find, set or delete is all or nothing; of calls each has an outcome of its own, and of two calls about one key the second begins when the first is done. What each part does, its sender has to be allowed to do.",
      needs: [],
      body: {
        required: true,
        description: "A frame whose first line is a `Batch`.",
        content: { [frameType]: { schema: frame("Batch") } },
      },
      answers: {
        200: {
          description:
            "To find and to calls: a frame whose first line has an item for each key (`Found`) or call (`Results`), then the values. To delete: how many there were.",
          headers: long,
          content: { [frameType]: { schema: frame("Found", "Results") }, ...json("Number") },
        },
        204: { description: "All of what to set is written." },
      },
      example: `--data-binary $'{"find":["greeting","visits"]}\\n' "{url}"`,
    },
  },
  changes: {
    GET: {
      query: ["prefix", "after"],
      summary: "Watch changes",
      description:
        "A stream of server-sent events, from now on or from the id of an event that was read before. An event without a name has a `Change` as its data; `resync` says that changes before it may be missing; one without data is a sign of life, each 15 s. Who accepts only `application/json` is told what there is so far, and where to go on.",
      needs: ["watch"],
      headers: ["last-event-id"],
      answers: {
        200: {
          description: "The changes.",
          headers: [...long, lastHeader, "x-accel-buffering"],
          content: {
            [streamType]: { schema: { type: "string", description: "Events whose data is a `Change` each." } },
            ...json("Polled"),
          },
        },
      },
      refusals: ["crowd"],
      example: '-N "{url}?prefix=a"',
    },
  },
  sweep: {
    POST: {
      summary: "Remove what has expired",
      description: "Nobody sees it anyway, and it is removed unasked from time to time.",
      needs: ["write"],
      answers: { 200: { description: "How many entries that were.", headers: long, content: json("Number") } },
      example: '-X POST "{url}"',
    },
  },
};

/** The first line of a frame: the rest is bytes, of which a schema can say nothing. */
function frame(...heads: string[]): Schema {
  return { type: "string", description: `A line of JSON (${heads.join(" or ")}), then bytes.` };
}

/** Every header that a request may have besides, and those that it has only if it is no mere read. */
export const everyHeader: readonly string[] = [timeoutHeader];
export const writeHeader: readonly string[] = [onceHeader];
