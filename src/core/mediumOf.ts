import type { CompleteBackend, Store, Value } from "./contract.ts";

/** What a store of ours is made of, by its `sweep`, so that a wrapper which puts its own in that place has replaced this, too. */
export const mediumOf: WeakMap<Store["sweep"], { readonly backend: CompleteBackend<Value>; now(): number }> =
  /* @__PURE__ */ new WeakMap();
