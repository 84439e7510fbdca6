import type { Store } from "./contract.ts";
import type { Config, Registry } from "./registry.ts";

/** A store, or the configuration of one: what another store stands on. */
export type Part = Store | Config;

/** Whether a part is a store as it is. */
export const isStore = (part: Part): part is Store => typeof (part as Store | undefined)?.get === "function";

/** Opens a part by a registry. */
export function openPart(registry: Registry, part: Part): Store | Promise<Store> {
  return isStore(part) ? part : registry.open(part);
}

/** Returns a part with each name of a file in its parameters as `resolve` returns it. */
export function locatePart(registry: Registry, part: Part, resolve: (path: string) => string): Part {
  const locate = isStore(part) ? undefined : registry.getFactory(part.backend).locate;
  return locate ? { ...part, parameters: locate((part as Config).parameters, resolve) as unknown } : part;
}
