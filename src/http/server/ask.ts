import type { Subject } from "./operation.ts";
import type { Action } from "./scope.ts";

/** One request, as a route sees it. Its `signal` aborts when the client waits no longer. */
export interface Ask extends Subject {
  readonly request: Request;
  /** What the keys begin with of the part of the store that the request may see. */
  readonly before: string;
  readonly parameters: Partial<Record<string, string>>;
  /** Reads the body. */
  body(): Promise<Uint8Array>;
  /** Refuses what the request may not do. */
  allow(...actions: readonly Action[]): void;
}
