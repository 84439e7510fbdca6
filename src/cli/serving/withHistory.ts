import type { Config, StoreConfig } from "../config/config.ts";

// The backends whose media keep a log of changes.
const keepers = ["sqlite", "valkey"];

/**
 * Returns a store with how much it remembers of what changes, where its medium does that and its own parameters do not say:
 * what the configuration says, or as much as by default.
 */
export function withHistory(store: StoreConfig, history: Config["history"] = true): StoreConfig {
  const { backend, parameters } = store;
  const given = Object(parameters) as { readonly history?: unknown };
  if (!keepers.includes(backend) || given.history !== undefined) return store;
  return { backend, parameters: { ...given, history } };
}
