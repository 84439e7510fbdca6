import { parametersOf } from "../server/operation.ts";
import { operations, requests } from "../server/operations.ts";
import { reasons, statuses } from "../server/status.ts";
import { outcomeHeader, replicaHeader, ttlHeader } from "../wire/headers.ts";
import { problemType } from "../wire/mediaType.ts";
import type { Method, Resource } from "../wire/resource.ts";
import { always, descriptions, everyHeader, onWrites, writeHeader, type Description, type Refusal } from "./descriptions.ts"; // prettier-ignore
import { headers, lifetimeOrKeep, parameters, refusals, requestHeaders } from "./parts.ts";
import { schemas } from "./schemas.ts";
import type { Openapi, OpenapiOperation, OpenapiResponse, Reference, Schema } from "./structure.ts";

// The headers of every answer, those of an answer to a page of another origin, and those of one that it asks first.
const onAll = [outcomeHeader, "cache-control", "x-content-type-options"];
const onCors = ["vary", "access-control-allow-origin", "access-control-expose-headers"];
const onOptions = ["allow", "access-control-allow-methods", "access-control-allow-headers", "access-control-max-age"];

// Those of some refusals.
const refusalHeaders: { readonly [why in Refusal]?: readonly string[] } = {
  unauthorized: ["www-authenticate"],
  running: ["retry-after"],
  crowd: ["retry-after"],
  forgotten: [replicaHeader],
};

/** Returns the document that describes a handler: the same for each, since it has nothing of the store behind it. */
export function writeDocument(): Openapi {
  const paths = Object.entries(descriptions).map(([resource, methods]) => {
    const described = Object.entries(methods).map(
      ([method, each]) =>
        [method.toLowerCase(), describeRequest(resource as Resource, method as Method, each)] as const,
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

function describeRequest(resource: Resource, method: Method, each: Description): OpenapiOperation {
  const operation = operations[requests[resource][method]!];
  const isRead = method === "GET" || method === "HEAD";
  const answers = Object.entries(each.answers).map(
    ([status, { description, headers: more = [], content }]) =>
      [status, { description, headers: refer([...onAll, ...onCors, ...more]), ...(content && { content }) }] as const,
  );
  const usual = [...always, ...(isRead ? [] : onWrites)];
  const problems = usual.map((why) => [statusOf(why), { $ref: `#/components/responses/${statusOf(why)}` }] as const);
  const own = (each.refusals ?? []).map((why) => {
    const status = statusOf(why);
    return [status, describeProblem([...usual.filter((other) => statusOf(other) === status), why])] as const;
  });
  const ttl = operation.takes.includes("ttl") ? [ttlHeader] : [];
  const sent = [...ttl, ...(each.headers ?? []), ...everyHeader, ...(isRead ? [] : writeHeader)];
  return {
    operationId: `${method.toLowerCase()}_${resource}`,
    summary: each.summary,
    ...(each.description !== undefined && { description: each.description }),
    parameters: [
      ...parametersOf(operation).map((name) => ({
        name,
        in: "query" as const,
        required: name === "key" || !!each.required?.includes(name),
        ...parameters[name]!,
      })),
      ...sent.map((name) => ({ name, in: "header" as const, required: false, ...headerOf(name, method) })),
    ],
    ...(each.body && { requestBody: { required: false, ...each.body } }),
    responses: Object.fromEntries([...answers, ...problems, ...own]),
    security: [{}, { bearer: operation.needs }],
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
