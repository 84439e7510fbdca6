import type { Awaitable } from "../../core/contract.ts";
import type { Method } from "../wire/resource.ts";
import type { Ask } from "./ask.ts";
import type { Reply } from "./reply.ts";
import type { Action } from "./scope.ts";

/** A request whose body has been read, as far as it is one of several kinds. */
export interface Prepared {
  /**
   * Returns what its body asks for, as text that stays the same when it is repeated; nothing if its sender may do none of it.
   */
  content(): Awaitable<string | undefined>;
  run(ask: Ask): Awaitable<Reply>;
}

/** What is done about a method of a resource. */
export interface Route {
  /** What the query may have. */
  readonly parameters: readonly string[];
  /** The headers by which a request differs from others of the same address. */
  readonly headers: readonly string[];
  /** Returns what a request has to be allowed to do, as far as its head shows. */
  needs(request: Request): readonly Action[];
  /** Reads the body where that is not just a value, and refuses what it makes no sense of. */
  prepare?(ask: Ask): Promise<Prepared>;
  run(ask: Ask): Awaitable<Reply>;
}

/** What is done about a resource. */
export type Routes = { readonly [method in Method]?: Route };
