import { writeDocument } from "./openapi/document.ts";
import type { Openapi } from "./openapi/structure.ts";

export type { Openapi, OpenapiOperation, OpenapiParameter, OpenapiResponse, Reference } from "./openapi/structure.ts";

/**
 * Returns the document that describes a handler: the same for each, since it has nothing of the store behind it.
 *
 * @example Lists the paths of a handler.
 * ```ts
 * import { openapi } from "shelflife/http/openapi";
 *
 * console.log(Object.keys(openapi().paths).includes("/entry")); // true
 * ```
 */
export function openapi(): Openapi {
  return writeDocument();
}
