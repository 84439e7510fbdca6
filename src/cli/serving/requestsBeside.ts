import type { StoreConfig } from "../config/config.ts";

/** What the name of a store's file ends with that remembers which requests were applied to another, which it is beside. */
export const requestsEnding = "-requests";

/** Returns where a server remembers requests that nobody gives a store for it: beside its own store, if that is a SQLite file. */
export function requestsBeside({ backend, parameters }: StoreConfig): StoreConfig | undefined {
  const { path } = Object(parameters) as { path?: unknown };
  const isFile = backend === "sqlite" && typeof path === "string" && path !== ":memory:";
  return isFile ? { backend, parameters: { path: `${path}${requestsEnding}` } } : undefined;
}
