import { writeDocument } from "./openapi/document.ts";
import type { Openapi } from "./openapi/structure.ts";

export type { Openapi, OpenapiOperation, OpenapiParameter, OpenapiResponse, Reference } from "./openapi/structure.ts";

/** Returns the document that describes a handler: the same for each, since it has nothing of the store behind it. */
export function openapi(): Openapi {
  return writeDocument();
}
