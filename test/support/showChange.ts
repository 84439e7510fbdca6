import type { Change } from "../../src/core/contract.ts";

/** Shows a change as "type key", and one without a key as its type. */
export function showChange(change: Change): string {
  return change.type === "resync" ? change.type : `${change.type} ${change.key}`;
}
