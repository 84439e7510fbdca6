import { toBytes } from "../../core/value.ts";
import type { Admitted } from "./access.ts";
import type { Subject } from "./operation.ts";

/** Returns what is the same for all who see the same part of the store, on every handler of it and at any time. */
export function scopeOf({ hash, before }: Pick<Ask, "hash" | "before">): Promise<string> {
  return Promise.resolve(hash(toBytes(`shelflife scope\n${before}`)));
}

/** One request, as a route sees it. Its `signal` aborts when the client waits no longer. */
export interface Ask extends Subject, Admitted {
  readonly request: Request;
  readonly parameters: Partial<Record<string, string>>;
  /** Reads the body. */
  body(): Promise<Uint8Array>;
}
