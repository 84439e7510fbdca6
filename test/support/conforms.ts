import assert from "node:assert/strict";
import { openapi, type OpenapiOperation, type OpenapiResponse } from "../../src/http/openapi.ts";

type Schema = Readonly<Record<string, any>>;

export const document = openapi();

/** What the document says of a request, if it knows it. */
export function operationOf(method: string, url: string): OpenapiOperation | undefined {
  const path = new URL(url).pathname;
  return document.paths[path.slice(path.lastIndexOf("/"))]?.[method.toLowerCase()];
}

/** What the document says of an answer. */
export function responseOf(operation: OpenapiOperation, status: number): OpenapiResponse | undefined {
  const response = operation.responses[status];
  return response && "$ref" in response ? document.components.responses[lastOf(response.$ref)] : response;
}

/** Asserts that an answer is one that the document has for the request. */
export function conforms({ method, url }: Request, { status, headers }: Response): void {
  const what = `${method} ${url}: ${status}`;
  const operation = operationOf(method, url);
  if (!operation) {
    // A path or a method that is none.
    const isPath = !!operationOf("options", url);
    assert.equal(headers.get("shelflife"), status === 401 ? "unauthorized" : status === 403 ? "unauthorized" : "invalid-argument", what); // prettier-ignore
    return assert.ok([isPath ? 405 : 404, 401, 403].includes(status), what);
  }
  const response = responseOf(operation, status);
  assert.ok(response, `${what} is not documented`);
  for (const name of headers.keys()) {
    if (name !== "content-type") assert.ok(name in response.headers, `${what} has ${name}, which is not documented`);
  }
  const type = headers.get("content-type");
  const types = Object.keys(response.content ?? {});
  if (type !== null && method !== "HEAD")
    assert.ok(types.includes(type) || types.includes("*/*"), `${what} is ${type}, which is not documented`);
}

/** Whether a value is as a schema of the document says, as far as the document's schemas go. */
export function isLike(value: any, schema: Schema): boolean {
  if (schema.$ref) return isLike(value, document.components.schemas[lastOf(schema.$ref)]!);
  if ("const" in schema) return value === schema.const;
  if (schema.enum) return schema.enum.includes(value);
  if (schema.oneOf) return schema.oneOf.filter((each: Schema) => isLike(value, each)).length === 1;
  const types = [schema.type].flat();
  const type = value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
  if (!types.includes(type) && !(Number.isInteger(value) && types.includes("integer"))) return false;
  if (type === "number")
    return value >= (schema.minimum ?? -Infinity) && value > (schema.exclusiveMinimum ?? -Infinity);
  if (type === "string") return value.length >= (schema.minLength ?? 0);
  if (schema.prefixItems) {
    const { prefixItems } = schema as { prefixItems: Schema[] };
    return value.length === prefixItems.length && prefixItems.every((each, at) => isLike(value[at], each));
  }
  if (type === "array") return value.every((each: unknown) => isLike(each, schema.items));
  if (type !== "object") return true;
  const { properties, required } = schema as { properties: Record<string, Schema>; required: string[] };
  return (
    required.every((name) => Object.hasOwn(value, name)) &&
    Object.entries(value).every(([name, each]) => !!properties[name] && isLike(each, properties[name]))
  );
}

export const lastOf = (reference: string): string => reference.split("/").at(-1)!;
