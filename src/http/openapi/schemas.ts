import type { Operation, shapes } from "../server/operation.ts";
import { argumentsOf, calls, operations, steps } from "../server/operations.ts";
import { statuses } from "../server/status.ts";
import { alone } from "../wire/batch.ts";
import type { PushStep } from "../wire/push.ts";
import { keep } from "../wire/ttl.ts";
import type { Schema } from "./structure.ts";

// The kinds of values that there are.
export const text: Schema = { type: "string" };
export const whole: Schema = { type: "integer", minimum: 0 };
export const ms: Schema = { type: "number", exclusiveMinimum: 0 };
const lifetime: Schema = { type: ["number", "null"], exclusiveMinimum: 0, description: "ms; null for ever" };
export const key: Schema = { $ref: "#/components/schemas/Key" };
const list = (items: Schema): Schema => ({ type: "array", items });
const tuple = (...prefixItems: Schema[]): Schema => ({ type: "array", prefixItems, items: false, minItems: prefixItems.length }); // prettier-ignore
const record = (properties: Readonly<Record<string, Schema>>, ...optional: string[]): Schema => ({
  type: "object",
  properties,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
});

const size: Schema = { ...whole, description: "bytes" };
const knownTag: Schema = { type: ["string", "null"], description: "That of the value that is known" };
const wasDone: Schema = { type: ["boolean", "null"], description: "null where nobody knows" };
const sizeOrNone: Schema = { type: ["integer", "null"], minimum: 0, description: "bytes; null without the value" };
/** What the arguments of a call are like on its line. */
const lineArguments: Readonly<Record<keyof typeof shapes, Schema>> = {
  key,
  size,
  sizeOrNone: { type: ["integer", "null"], minimum: 0, description: "bytes; null for no value any more" },
  by: { type: "number" },
  ttl: lifetime,
  ttlOrKeep: { oneOf: [lifetime, { const: keep }] },
  tagOrNone: { type: ["string", "null"], description: "Of the value before; null for none" },
};
const call = (name: string, takes: Operation["takes"]): Schema =>
  tuple({ const: name }, ...takes.map((argument) => lineArguments[argument as keyof typeof shapes]));
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
  Page: record(
    {
      entries: list(
        record(
          { key, ttl: lifetime, size, tag: { ...text, description: "Of the value, if that was asked for" } },
          "size",
          "tag",
        ),
      ),
      cursor: text,
    },
    "cursor",
  ),
  Change: record({ type: { enum: ["set", "delete", "expire"] }, key }),
  Polled: record(
    {
      changes: list({ $ref: "#/components/schemas/Change" }),
      last: { ...text, description: "The id to go on after" },
      resync: { type: "boolean", description: "Changes may be missing" },
      time: { type: "number", description: "The server's clock: epoch ms" },
      scope: { ...text, description: "The same for whoever may see the same part of the store" },
    },
    "resync",
  ),
  Batch: {
    oneOf: [
      record({ find: list(key) }),
      record({ set: list(tuple(key, size, lifetime)) }),
      record({ delete: list(key) }),
      record({ findTagged: list(key) }),
      record({ getUnless: list({ oneOf: [tuple(key, knownTag), tuple(key, knownTag, { ...size, description: "The most bytes of a value that comes along" })] }) }), // prettier-ignore
      record({ transact: list(tuple(key, { oneOf: [lineArguments.sizeOrNone, { const: keep }] }, lineArguments.tagOrNone, lineArguments.ttlOrKeep)) }), // prettier-ignore
      record({
        calls: list({
          oneOf: Object.entries(calls).map(([name, operation]) => call(name, operations[operation].takes)),
        }),
      }),
      record({
        push: list({ oneOf: Object.keys(steps).map((name) => call(name, argumentsOf(name as PushStep[0]))) }),
      }),
    ],
  },
  Found: list({
    oneOf: [
      found,
      { ...tuple(size, lifetime, text), description: "The same, and a tag" },
      { ...tuple({ type: "null" }, lifetime, text), description: "How long a value lives that is known, or left out" },
      { ...tuple({ type: "null" }, lifetime, text, size), description: "The same, and how many bytes it has, where those are more than were wanted" }, // prettier-ignore
      { type: "null", description: "No value" },
    ],
  }),
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
  Outcomes: list({
    oneOf: [
      { ...tuple(wasDone, { type: "null" }), description: "Whether it was done; nothing is there" },
      {
        ...tuple(wasDone, tuple(sizeOrNone, lifetime, text)),
        description: "Whether it was done, and what is there",
      },
      problem,
    ],
  }),
  Greeting: record({
    name: text,
    scope: text,
    time: { type: "number", description: "The server's clock: epoch ms" },
    maxBytes: { ...whole, description: "Of the values of a push" },
    maxItems: { ...whole, description: "Steps of a push" },
  }),
};
