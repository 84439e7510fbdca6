import {
  idempotencyHeader,
  lastHeader,
  outcomeHeader,
  replicaHeader,
  timeoutHeader,
  ttlHeader,
} from "../wire/headers.ts";
import { forgotten } from "../wire/push.ts";
import { keep } from "../wire/ttl.ts";
import type { Refusal } from "./descriptions.ts";
import { key, ms, schemas, text, whole } from "./schemas.ts";
import type { Schema } from "./structure.ts";

// What the document of the wire is put together from, by the names that the wire has for it.

type Named = Readonly<Record<string, { readonly description: string; readonly schema: Schema }>>;

/** What a request may have in its address. */
export const parameters: Named = {
  key: { description: "Percent-encoded UTF-8.", schema: key },
  prefix: { description: "What the keys begin with.", schema: text },
  limit: {
    description: "How many entries a page has at most.",
    schema: { type: "integer", minimum: 1, default: 1000 },
  },
  cursor: { description: "The cursor of the page before: a place below the prefix. It may be empty.", schema: text },
  tags: {
    description:
      "With `1` each line has the tag of its value, which takes the right to read, too. Where the values are large the page ends early.",
    schema: { const: "1" },
  },
  by: { description: "What is added.", schema: { type: "number", default: 1 } },
  after: { description: "The id of the last event that was read.", schema: text },
};

/** What a request may have among its headers. */
export const requestHeaders: Named = {
  [ttlHeader]: { description: "How long the value lives: ms. Without it, for ever.", schema: ms },
  [timeoutHeader]: { description: "How long the client waits for the answer: ms.", schema: { type: "number", minimum: 0 } }, // prettier-ignore
  [idempotencyHeader]: {
    description:
      "A name that no other request has: what is repeated under it is applied once, and answered the same. Another request under it is refused; only its lifetimes may differ.",
    schema: { type: "string", pattern: "^[!-~]{1,255}$" },
  },
  [replicaHeader]: {
    description: "Of a push: the name of its replica, the number after the last one, from 1 on, and a random word.",
    schema: { type: "string", pattern: "^[\\w-]{1,128} [1-9]\\d{0,15} [\\w-]{1,128}$" },
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
  [replicaHeader]: { description: "Nobody knows what became of the push.", schema: { const: forgotten } },
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
  forgotten: "Nobody knows the name of the replica, or not this push of it, or what became of it.",
  condition: "What the request has as a condition is not so.",
  size: "The body is too large, the first line of a batch, or what it asks for.",
  encoding: "The body is encoded, or a part.",
  "cant-decode": "The value is not of the kind that this is for.",
  "cant-encode": "The value is not of the kind that this is for.",
  reuse: "Another request had this name.",
  host: "The request is for another host.",
  crowd: "Too many streams are open.",
  "bad-config": "The server failed.",
  internal: "The server failed.",
  unsupported: "The store behind this cannot do that.",
  unavailable: "The store cannot be reached, or not in time.",
  closed: "The store cannot be reached.",
  late: "It was not done in the time that the client gave.",
  "quota-exceeded": "The store is full.",
};
