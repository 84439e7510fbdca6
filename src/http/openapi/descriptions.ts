import type { StoreErrorCode } from "../../core/error.ts";
import type { Reason } from "../server/status.ts";
import { idempotencyHeader, lastHeader, replicaHeader, timeoutHeader, ttlHeader } from "../wire/headers.ts";
import { jsonType } from "../wire/json.ts";
import { frameType, plainType, streamType } from "../wire/mediaType.ts";
import type { Method, Resource } from "../wire/resource.ts";
import type { Content, Schema } from "./structure.ts";

/** Why a request may be refused: a reason of the handler's own, or an error of the store. */
export type Refusal = Exclude<Reason, "path" | "method"> | StoreErrorCode;

/** What a request does, what it may have and how it is answered. Its rights and parameters are those of the operation that it asks for. */
export interface Description {
  readonly summary: string;
  readonly description?: string;
  /** The parameters that it has to have besides a key. */
  readonly required?: readonly string[];
  /** Its headers besides those of every request, and a lifetime. */
  readonly headers?: readonly string[];
  readonly body?: { readonly description: string; readonly required?: boolean; readonly content: Content };
  readonly answers: Readonly<Record<number, AnswerDescription>>;
  /** Why it may be refused besides what holds for every request. */
  readonly refusals?: readonly Refusal[];
  /** The arguments of `curl` to try it; `{url}` stands for the address. */
  readonly example: string;
}

/** An answer that is no refusal. */
export interface AnswerDescription {
  readonly description: string;
  /** Its headers besides those of every answer. */
  readonly headers?: readonly string[];
  readonly content?: Content;
}

const schema = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
const json = (name: string): Content => ({ [jsonType]: { schema: schema(name) } });
const done = (description: string): Readonly<Record<number, AnswerDescription>> => ({ 204: { description } });

/** A value with the type that it was written with. */
const value: Content = { "*/*": {}, [plainType]: {} };
const long = ["content-length"];
const about = [...long, "etag", ttlHeader, "content-security-policy"];
const conditions = ["if-match", "if-none-match"];

/** Why any request may be refused: the store behind it may fail with any error. */
export const always: readonly Refusal[] = ["invalid-argument", "unauthorized", "forbidden", "not-found", "conflict", "cant-decode", "cant-encode", "bad-config", "internal", "unsupported", "closed", "unavailable", "late", "quota-exceeded"]; // prettier-ignore
/** Why any request may be refused that is no mere read. */
export const onWrites: readonly Refusal[] = ["running", "size", "encoding", "reuse"];

/** What there is to be asked for. */
export const descriptions: { readonly [resource in Resource]: { readonly [method in Method]?: Description } } = {
  entry: {
    GET: {
      summary: "Read a value",
      description:
        "The bytes as they were written, with the content type that they were written with. So that a value can do no harm to the pages of this origin, one with a type of its own is shown in a sandbox, and is no script.",
      headers: conditions,
      answers: {
        200: { description: "The value.", headers: about, content: value },
        304: { description: "The value is still the one that `If-None-Match` names.", headers: ["etag", ttlHeader] },
      },
      refusals: ["not-found", "condition"],
      example: '-i "{url}?key=greeting"',
    },
    HEAD: {
      summary: "Read what there is to know about a value",
      description: "The same as reading it, without the bytes.",
      headers: conditions,
      answers: {
        200: { description: "There is a value.", headers: about },
        304: { description: "The value is still the one that `If-None-Match` names.", headers: ["etag", ttlHeader] },
      },
      refusals: ["not-found", "condition"],
      example: '-I "{url}?key=greeting"',
    },
    PUT: {
      summary: "Write a value",
      description:
        "Answered when the medium has committed it. Without a lifetime the value never expires, whatever deadline the key had. With a condition it takes the right to read, too.",
      headers: conditions,
      body: {
        description: "The value: any bytes, none among them. A `Content-Type` is kept with these very bytes.",
        content: value,
      },
      answers: done("It is written."),
      refusals: ["condition"],
      example: "-X PUT -H 'Content-Type: text/plain' -H 'Shelflife-TTL: 60000' -d hello \"{url}?key=greeting\"",
    },
    DELETE: {
      summary: "Remove a value",
      description: "With a condition it takes the right to read, too.",
      headers: conditions,
      answers: done("It is removed."),
      refusals: ["not-found", "condition"],
      example: '-X DELETE "{url}?key=greeting"',
    },
  },
  entries: {
    GET: {
      summary: "List keys",
      description:
        "A page of the live keys with what is known about each, also the tag of its value (its `ETag`) if that is asked for. The last page has no cursor.",
      answers: { 200: { description: "A page.", headers: long, content: json("Page") } },
      example: '"{url}?prefix=a&limit=10"',
    },
    DELETE: {
      required: ["prefix"],
      summary: "Remove all values, or those below a prefix",
      description: "Who means everything has to say so: the prefix is then empty.",
      answers: done("They are removed."),
      example: '-X DELETE "{url}?prefix=a"',
    },
  },
  replica: {
    POST: {
      summary: "Get a name to push under",
      description:
        "For a copy of the store that goes on without it, and pushes what was done there. The name is remembered for 90 days after its last push; another part of the store does not know it. `scope` is the same for all who see the same part. No push may have more bytes of values than `maxBytes`, and more steps than `maxItems`.",
      answers: { 200: { description: "A name, and what there is to know.", headers: long, content: json("Greeting") } },
      example: '-X POST "{url}"',
    },
  },
  take: {
    POST: {
      summary: "Read a value and remove it",
      description: "Atomic: of many who take it one gets it.",
      answers: { 200: { description: "The value that was there.", headers: long, content: { [plainType]: {} } } },
      refusals: ["not-found"],
      example: '-X POST "{url}?key=greeting"',
    },
  },
  increment: {
    POST: {
      summary: "Add to a number",
      description:
        "Atomic. The value is a decimal number as text; where there is none it counts as 0, and only then the lifetime applies.",
      answers: { 200: { description: "The sum.", headers: long, content: json("Number") } },
      example: '-X POST "{url}?key=visits&by=1"',
    },
  },
  touch: {
    POST: {
      summary: "Give a value a new deadline",
      description: "Without a lifetime it never expires from now on.",
      answers: done("It has the new deadline."),
      refusals: ["not-found"],
      example: "-X POST -H 'Shelflife-TTL: 60000' \"{url}?key=greeting\"",
    },
  },
  batch: {
    POST: {
      summary: "Do many things in one request",
      description:
        "A frame: a line of JSON (a `Batch`) that ends with a line feed, then the values that it announces, one after the other, as they are. To find, set or delete is all or nothing. To find reads entries as they are together where the medium of the store has that. `findTagged` always does, with tags that stand for their values and deadlines; `getUnless` reads, of keys each once, those values that have not the tag that is named, which is the `ETag` of a value: what has it, or does not fit with the others into what a batch may read, is answered by its tag and lifetime alone, to be asked for by itself. So is one that has more bytes than the item says, with how many it has. `transact` changes entries in one step if each still has the tag that it names, all of them or none, and answers whether it did. Of calls each has an outcome of its own, and of two calls about one key the second begins when the first is done. What each part does, its sender has to be allowed to do; a `swap` and a `transact` take the rights to read and to write. The line may be as long as the items that a batch may have, and the values that are read together as long as a body.\n\nA `push` is what a replica sends, with `Shelflife-Replica` and without `Idempotency-Key`. It takes the right to write; a step `write` or `add` takes the right to read, too. The steps are done each for itself, of two about one key the second when the first is done. `write` puts a value, or nothing, in the place of one with a tag, or of nothing. An outcome says whether the step was done, and what is there now: its size where the value comes along, its lifetime and its tag, which is empty where it is not known or not for the sender. A value comes along after `add`, and where a `write` found another one, as long as all of them have no more than 256 KiB together. A step that ends in a problem was not done. Where the store failed in the middle of it nobody knows whether it was: it is then not to be sent again.\n\nA push is applied if its number follows the last one of its name. The last one again, with the same random word, is answered the same, or 409 with `Retry-After` while it is under way. Any other number or word, a name that nobody knows, and one whose outcome was lost is answered 409 with `Shelflife-Replica: forgotten`, and nothing is applied. What is refused as a whole (400, 401, 403, 413) uses up no number.",
      body: {
        required: true,
        description: "A frame whose first line is a `Batch`.",
        content: { [frameType]: { schema: frame("Batch") } },
      },
      headers: [replicaHeader],
      answers: {
        200: {
          description:
            "To find, `findTagged`, `getUnless`, calls and a push: a frame whose first line has an item for each key (`Found`), call (`Results`) or step (`Outcomes`), then the values. To delete: how many there were. To transact: whether it was done.",
          headers: long,
          content: { [frameType]: { schema: frame("Found", "Results", "Outcomes") }, ...json("Number") },
        },
        204: { description: "All of what to set is written." },
      },
      refusals: ["forgotten"],
      example: `--data-binary $'{"find":["greeting","visits"]}\\n' "{url}"`,
    },
  },
  changes: {
    GET: {
      summary: "Watch changes",
      description:
        "A stream of server-sent events, from now on or from the id of an event that was read before. An event without a name has a `Change` as its data; `resync` says that changes before it may be missing, so that what was read before is to be read again; one without data is a sign of life, each 15 s. A request that accepts only `application/json` gets what there is so far, and where to go on. Where the medium of the store keeps a log of its changes, an id is good for as long as the change that it stands for is in that, on every handler of the store and after a restart; else only on the handler that gave it, for a while.",
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
      description:
        "Nobody sees it anyway, and it is removed unasked from time to time. With a prefix, or for a sender who sees a part of the store, it is what is in that part; `unsupported` where the store cannot separate it from the rest.",
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
export const writeHeader: readonly string[] = [idempotencyHeader];
