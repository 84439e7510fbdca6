import type { Refusal } from "./operations.ts";
import { statuses } from "../server/reply.ts";
import { alone, keep, lastHeader, onceHeader, outcomeHeader, timeoutHeader, ttlHeader } from "../wire.ts";

// What the document of the wire is put together from: words and shapes, by the names that the wire has for them.

type Schema = Readonly<Record<string, unknown>>;
type Named = Readonly<Record<string, { readonly description: string; readonly schema: Schema }>>;

const text: Schema = { type: "string" };
const whole: Schema = { type: "integer", minimum: 0 };
const ms: Schema = { type: "number", exclusiveMinimum: 0 };
const lifetime: Schema = { type: ["number", "null"], exclusiveMinimum: 0, description: "ms; null for ever" };
const key: Schema = { $ref: "#/components/schemas/Key" };
const list = (items: Schema): Schema => ({ type: "array", items });
const tuple = (...prefixItems: Schema[]): Schema => ({ type: "array", prefixItems, items: false, minItems: prefixItems.length }); // prettier-ignore
const record = (properties: Readonly<Record<string, Schema>>, ...optional: string[]): Schema => ({
  type: "object",
  properties,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
});

const size: Schema = { ...whole, description: "bytes" };
const call = (name: string, ...rest: Schema[]): Schema => tuple({ const: name }, key, ...rest);
const sizeOrNone: Schema = { type: ["integer", "null"], minimum: 0, description: "bytes; null for no value any more" };
const tagOrNone: Schema = { type: ["string", "null"], description: "Of the value before; null for none" };
const problem = record({ code: { $ref: "#/components/schemas/Code" }, detail: text, key: text }, "key");
const found: Schema = { ...tuple(size, lifetime), description: "The size of a value, and how long it lives" };

/** The shapes of what travels. */
export const schemas: Readonly<Record<string, Schema>> = {
  Key: { type: "string", minLength: 1, maxLength: 1024, description: "A well-formed string of 1 to 1,024 UTF-8 bytes" },
  Number: { type: "number" },
  Code: { type: "string", enum: Object.keys(statuses).filter((code) => code !== "closed") },
  Problem: {
    description: "A problem document (RFC 9457)",
    ...record(
      {
        title: text,
        status: { type: "integer" },
        detail: text,
        code: { $ref: "#/components/schemas/Code" },
        key: text,
      },
      "key",
    ),
  },
  Page: record({ entries: list(record({ key, ttl: lifetime, size }, "size")), cursor: text }, "cursor"),
  Change: record({ type: { enum: ["set", "delete", "expire"] }, key }),
  Polled: record(
    {
      changes: list({ $ref: "#/components/schemas/Change" }),
      last: { ...text, description: "The id to go on after" },
      resync: { type: "boolean", description: "Changes may be missing" },
    },
    "resync",
  ),
  Batch: {
    oneOf: [
      record({ find: list(key) }),
      record({ set: list(tuple(key, size, lifetime)) }),
      record({ delete: list(key) }),
      record({
        calls: list({
          oneOf: [
            ...["get", "getTagged", "has", "delete", "take"].map((name) => call(name)),
            call("set", size, lifetime),
            call("increment", { type: "number" }, lifetime),
            call("touch", lifetime),
            call("swap", sizeOrNone, tagOrNone, { oneOf: [lifetime, { const: keep }] }),
          ],
        }),
      }),
    ],
  },
  Found: list({ oneOf: [found, { type: "null" }] }),
  Results: list({
    oneOf: [
      found,
      { ...tuple(size, lifetime, text), description: "The same, and the tag of the value" },
      { type: "null", description: "No value" },
      { type: "number", description: "A sum" },
      { type: "boolean", description: "Whether it was done" },
      problem,
      { const: alone, description: "Not made, since the answer is large already: to be asked for by itself" },
    ],
  }),
};

/** What a request may have in its address. */
export const parameters: Named = {
  key: { description: "Percent-encoded UTF-8.", schema: key },
  prefix: { description: "What the keys begin with.", schema: text },
  limit: {
    description: "How many entries a page has at most.",
    schema: { type: "integer", minimum: 1, default: 1000 },
  },
  cursor: { description: "The cursor of the page before.", schema: text },
  by: { description: "What is added.", schema: { type: "number", default: 1 } },
  after: { description: "The id of the last event that was read.", schema: text },
};

/** What a request may have among its headers. */
export const requestHeaders: Named = {
  [ttlHeader]: { description: "How long the value lives: ms. Without it, for ever.", schema: ms },
  [timeoutHeader]: { description: "How long the client waits for the answer: ms.", schema: { type: "number", minimum: 0 } }, // prettier-ignore
  [onceHeader]: {
    description: "A name that no other request has: what is repeated under it is applied once, and answered the same.",
    schema: { type: "string", pattern: "^[!-~]{1,255}$" },
  },
  "if-match": { description: "Only if the value has one of these tags, or with `*` if there is one.", schema: text },
  "if-none-match": {
    description: "Only if the value has none of these tags, or with `*` if there is none.",
    schema: text,
  },
  "last-event-id": { description: "The same as `after`, as a browser sends it.", schema: text },
};

/** A lifetime as a PUT may ask for it. */
export const lifetimeOrKeep: Schema = { oneOf: [ms, { const: keep, description: "That of the value before" }] };

/** What an answer may have among its headers. */
export const headers: Named = {
  [outcomeHeader]: {
    description: "`ok`, or the code of the error. An answer without it is not a handler's.",
    schema: { type: "string", enum: ["ok", ...(schemas.Code!.enum as string[])] },
  },
  "cache-control": { description: "Nothing may be kept or changed on the way.", schema: text },
  "x-content-type-options": { description: "A browser makes no guess about the type.", schema: { const: "nosniff" } },
  "content-length": { description: "Of the body, where it is known.", schema: whole },
  vary: { description: "Where origins are listed.", schema: { const: "origin" } },
  "access-control-allow-origin": { description: "To a page of a listed origin.", schema: text },
  "access-control-expose-headers": { description: "To a page of a listed origin.", schema: text },
  "access-control-allow-methods": { description: "To a page that asks first.", schema: text },
  "access-control-allow-headers": { description: "To a page that asks first.", schema: text },
  "access-control-max-age": { description: "To a page that asks first: s.", schema: whole },
  etag: { description: "The strong tag of the value: its SHA-256.", schema: text },
  [ttlHeader]: { description: "How long the value still lives: ms. Without it, for ever.", schema: ms },
  "content-security-policy": { description: "Where the value has a type of its own: a sandbox.", schema: text },
  [lastHeader]: { description: "The id after which the stream begins.", schema: text },
  "x-accel-buffering": { description: "A proxy is not to hold the stream back.", schema: { const: "no" } },
  "retry-after": { description: "How long to wait before another try, where that helps: s.", schema: whole },
  "www-authenticate": { description: "How to say who one is.", schema: text },
  allow: { description: "The methods that there are.", schema: text },
};

/** What each refusal says. */
export const refusals: Readonly<Record<Refusal, string>> = {
  "invalid-argument": "The request makes no sense: a key, a parameter, a header or a body is not as it is described.",
  unauthorized: "Nobody knows the sender.",
  forbidden: "The sender may not do this, or a page of an origin that is not listed does it.",
  "not-found": "There is no live value under the key.",
  conflict: "Others were always faster.",
  running: "Nobody knows yet, or any more, what became of the first request of this name.",
  condition: "What the request has as a condition is not so.",
  size: "The body is too large, or what it asks for.",
  encoding: "The body is encoded, or a part.",
  "cant-decode": "The value is not of the kind that this is for.",
  "cant-encode": "The value is not of the kind that this is for.",
  reuse: "Another request had this name.",
  crowd: "Too many streams are open.",
  "bad-config": "The server failed.",
  internal: "The server failed.",
  unsupported: "The store behind this cannot do that.",
  unavailable: "The store cannot be reached, or not in time.",
  closed: "The store cannot be reached.",
  late: "It was not done in the time that the client gave.",
  "quota-exceeded": "The store is full.",
};
