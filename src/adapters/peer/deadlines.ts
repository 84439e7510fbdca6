import type { Call } from "../../core/contract.ts";
import type { Hub } from "../../core/hub.ts";
import type { Entries } from "./entries.ts";
import { mapKeys } from "./mapKeys.ts";

/**
 * Returns what finds out when the next entry expires. localForage has no index for that: everything is read once, and then
 * what has changed.
 */
export function createSoonest(entries: Pick<Entries, "keys" | "read">, hub: Hub): (call: Call) => Promise<number> {
  const deadlines = new Map<string, number>();
  const changed = new Set<string>();
  let isComplete = false;
  let stop: (() => void) | undefined;

  async function look(key: string): Promise<undefined> {
    const entry = await entries.read(key);
    // What is overwritten meanwhile is looked at once more.
    if (entry && entry.expiresAt < Infinity) deadlines.set(key, entry.expiresAt);
    else deadlines.delete(key);
  }

  return async (call) => {
    stop ??= hub.watch({
      changed: ({ key }) => void changed.add(key),
      resync: () => (isComplete = false),
      failed() {},
    });
    const wanted = isComplete ? [...changed] : await entries.keys("");
    isComplete = true;
    changed.clear();
    try {
      await mapKeys(wanted, call, look);
    } catch (error) {
      isComplete = false;
      throw error;
    }
    let first = Infinity;
    for (const at of deadlines.values()) first = Math.min(first, at);
    return first;
  };
}
