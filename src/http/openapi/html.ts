import { problemType } from "../wire/mediaType.ts";
import type { OpenapiResponse, Schema } from "./structure.ts";

// How the parts of a document are written as HTML.

export const tag = (method: string): string => `<span class="method ${method}">${method}</span>`;

/** Writes the types that a body may be of. */
export function writeTypes(content: OpenapiResponse["content"] = {}): string {
  return Object.entries(content)
    .filter(([type]) => type !== problemType)
    .map(
      ([type, { schema = {} }]) =>
        `<code class="soft">${type}</code>${schema.$ref ? ` (<code class="soft">${show(schema)}</code>)` : ""}`,
    )
    .join(", ");
}

/** Writes what a schema says as a type. */
export function show(schema: Schema): string {
  const { $ref, oneOf, type, prefixItems, items, properties, required } = schema as {
    $ref?: string;
    oneOf?: Schema[];
    type?: string | string[];
    prefixItems?: Schema[];
    items?: Schema;
    properties?: Record<string, Schema>;
    required?: string[];
  };
  if ($ref) return $ref.split("/").at(-1)!;
  if ("const" in schema) return JSON.stringify(schema.const);
  if (schema.enum) return (schema.enum as unknown[]).map((each) => JSON.stringify(each)).join(" | ");
  if (oneOf) return oneOf.map(show).join(" | ");
  if (prefixItems) return `[${prefixItems.map(show).join(", ")}]`;
  if (items) return /[ |]/.test(show(items)) && !/^[[{]/.test(show(items)) ? `(${show(items)})[]` : `${show(items)}[]`;
  if (properties) {
    const fields = Object.entries(properties).map(
      ([name, each]) => `${name}${required?.includes(name) ? "" : "?"}: ${show(each)}`,
    );
    return `{ ${fields.join(", ")} }`;
  }
  return Array.isArray(type) ? type.join(" | ") : (type ?? "bytes");
}

/** Writes text, and what it has between backticks as code. */
export function prose(text: string): string {
  return escape(text).replaceAll(/`([^`]*)`/g, "<code>$1</code>");
}

export function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
