import type { Awaitable } from "../../core/contract.ts";
import type { Method } from "../wire/resource.ts";
import type { Ask } from "./ask.ts";
import type { Reply } from "./reply.ts";
import type { Action } from "./scope.ts";

/** What is done about a method of a resource. */
export interface Route {
  /** What the query may have. */
  readonly parameters: readonly string[];
  /** What a request has to be allowed to do. */
  readonly needs: readonly Action[];
  run(ask: Ask): Awaitable<Reply>;
}

/** What is done about a resource. */
export type Routes = { readonly [method in Method]?: Route };
