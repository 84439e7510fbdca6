import type { CallOptions, Store } from "./contract.ts";

/** Returns the keys of a medium that begin with a prefix and are no keys of a store: empty, too long, or ill-formed. */
export type StrayFinder = (prefix: string, options: CallOptions) => Promise<string[]>;

/**
 * Finds what others have put into a medium and no listing shows. A finder is found by the `list` that it goes with, so that a
 * wrapper which puts its own in the place of a store's has replaced the finder, too.
 */
export const strays: WeakMap<Store["list"], StrayFinder> = /* @__PURE__ */ new WeakMap();
