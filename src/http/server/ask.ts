import type { Admitted } from "./access.ts";
import type { Subject } from "./operation.ts";

/** One request, as a route sees it. Its `signal` aborts when the client waits no longer. */
export interface Ask extends Subject, Admitted {
  readonly request: Request;
  readonly parameters: Partial<Record<string, string>>;
  /** Reads the body. */
  body(): Promise<Uint8Array>;
}
