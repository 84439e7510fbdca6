import { always, everyHeader, onWrites, operations, writeHeader, type Content, type Described, type Refusal } from "./openapi/operations.ts"; // prettier-ignore
import { headers, lifetimeOrKeep, parameters, refusals, requestHeaders, schemas } from "./openapi/parts.ts";
import { problemType, reasons, statuses } from "./server/reply.ts";
import { outcomeHeader, ttlHeader, type Method } from "./wire.ts";

type Schema = Readonly<Record<string, unknown>>;
/** Where the document says it. */
export type Reference = { readonly $ref: string };

/** Something that a request may have. */
export interface OpenapiParameter {
  readonly name: string;
  readonly in: "header" | "query";
  readonly required: boolean;
  readonly description: string;
  readonly schema: Schema;
}

/** What an answer is like. */
export interface OpenapiResponse {
  readonly description: string;
  readonly headers: Readonly<Record<string, Reference>>;
  readonly content?: Content;
}

/** What the document says of one request. */
export interface OpenapiOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly parameters: readonly OpenapiParameter[];
  readonly requestBody?: { readonly description: string; readonly required: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, OpenapiResponse | Reference>>;
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  /** How to try it; `$STORE` stands for the address of the mount. */
  readonly "x-curl"?: string;
}

/** A document in the form of OpenAPI 3.1. */
export interface Openapi {
  readonly openapi: string;
  readonly info: Readonly<Record<"title" | "version" | "summary" | "description", string>>;
  readonly servers: readonly { readonly url: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenapiOperation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>;
    readonly responses: Readonly<Record<string, OpenapiResponse>>;
    readonly headers: Readonly<Record<string, { readonly description: string; readonly schema: Schema }>>;
    readonly securitySchemes: Readonly<Record<string, Schema>>;
  };
}

// The headers of every answer, those of an answer to a page of another origin, and those of one that it asks first.
const onAll = [outcomeHeader, "cache-control", "x-content-type-options"];
const onCors = ["vary", "access-control-allow-origin", "access-control-expose-headers"];
const onOptions = ["allow", "access-control-allow-methods", "access-control-allow-headers", "access-control-max-age"];

// Those of some refusals.
const refusalHeaders: { readonly [why in Refusal]?: readonly string[] } = {
  unauthorized: ["www-authenticate"],
  running: ["retry-after"],
  crowd: ["retry-after"],
};

/** Returns the document that describes a handler: the same for each, since it tells nothing of the store behind it. */
export function openapi(): Openapi {
  const paths = Object.entries(operations).map(([resource, methods]) => {
    const described = Object.entries(methods).map(
      ([method, each]) => [method.toLowerCase(), describe(resource, method as Method, each)] as const,
    );
    return [`/${resource}`, { ...Object.fromEntries(described), options: describeOptions(resource) }] as const;
  });
  return {
    openapi: "3.1.1",
    info: {
      title: "shelflife",
      version: "0.1.0",
      summary: "Bytes with an expiry, over HTTP",
      description:
        "Values under string keys, each with a deadline of its own. Lifetimes travel as durations in ms, since clocks differ. An error is a problem document (RFC 9457) with a `code`, and with the `key` where there is one. Only an answer with the header `Shelflife` is a handler's: `ok`, or the code. A path that is none of these is answered 404 with the code `invalid-argument`, which is no miss; a method that a path does not know, 405 and `Allow`.",
    },
    servers: [{ url: ".", description: "Where this document is" }],
    paths: Object.fromEntries(paths),
    components: {
      schemas,
      responses: usualProblems(),
      headers,
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", description: "A token, where the server asks for one." },
      },
    },
  };
}

function describe(resource: string, method: Method, each: Described): OpenapiOperation {
  const isRead = method === "GET" || method === "HEAD";
  const answers = Object.entries(each.answers).map(
    ([status, { description, headers: more = [], content }]) =>
      [status, { description, headers: refer([...onAll, ...onCors, ...more]), ...(content && { content }) }] as const,
  );
  const usual = [...always, ...(isRead ? [] : onWrites)].map(statusOf);
  const problems = usual.map((status) => [status, { $ref: `#/components/responses/${status}` }] as const);
  const own = (each.refusals ?? []).map((why) => [statusOf(why), describeProblem([why])] as const);
  const sent = [...(each.headers ?? []), ...everyHeader, ...(isRead ? [] : writeHeader)];
  return {
    operationId: `${method.toLowerCase()}_${resource}`,
    summary: each.summary,
    ...(each.description !== undefined && { description: each.description }),
    parameters: [
      ...(each.query ?? []).map((name) => ({
        name,
        in: "query" as const,
        required: !!each.required?.includes(name),
        ...parameters[name]!,
      })),
      ...sent.map((name) => ({ name, in: "header" as const, required: false, ...headerOf(name, method) })),
    ],
    ...(each.body && { requestBody: { required: false, ...each.body } }),
    responses: Object.fromEntries([...answers, ...problems, ...own]),
    security: [{}, { bearer: each.needs }],
    "x-curl": `curl ${each.example.replace("{url}", `$STORE/${resource}`)}`,
  };
}

function headerOf(name: string, method: Method): { readonly description: string; readonly schema: Schema } {
  const header = requestHeaders[name]!;
  // Only where there was a value before there is something to keep.
  return name === ttlHeader && method === "PUT" ? { ...header, schema: lifetimeOrKeep } : header;
}

function describeOptions(resource: string): OpenapiOperation {
  return {
    operationId: `options_${resource}`,
    summary: "Ask what may be asked",
    description: "As a browser does before a page of another origin may send a request.",
    parameters: [],
    responses: { 204: { description: "The methods.", headers: refer([...onAll, ...onCors, ...onOptions]) } },
    security: [{}],
  };
}

/** Returns what is answered to requests of any kind that are refused, by its status. */
function usualProblems(): Record<string, OpenapiResponse> {
  const usual = [...always, ...onWrites];
  const statuses = new Set(usual.map(statusOf));
  return Object.fromEntries(
    Array.from(statuses, (status) => [status, describeProblem(usual.filter((why) => statusOf(why) === status))]),
  );
}

function describeProblem(reasonsWhy: readonly Refusal[]): OpenapiResponse {
  const more = reasonsWhy.flatMap((why) => refusalHeaders[why] ?? []);
  return {
    description: [...new Set(reasonsWhy.map((why) => refusals[why]))].join(" "),
    headers: refer([...onAll, "content-length", ...onCors, ...more]),
    content: { [problemType]: { schema: { $ref: "#/components/schemas/Problem" } } },
  };
}

function statusOf(why: Refusal): string {
  return String(why in reasons ? reasons[why as keyof typeof reasons][0] : statuses[why as keyof typeof statuses]);
}

function refer(names: readonly string[]): Record<string, Reference> {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}
