import type { ValkeyClient } from "./client.ts";
import type { Names } from "./names.ts";
import { nameBeside, tagIn, tagOf } from "./slots.ts";

/** Where the keys of a store are: in which slot of a cluster, and beside which index of deadlines. */
export interface Placement {
  /** Whether the keys are in many slots, each of which has an index of its own. */
  isScattered(client: ValkeyClient | undefined): boolean;
  /** The slot of a key in a cluster. */
  slotOf(key: string): number;
  /** The name of the index of a slot; of -1, where they are not scattered. */
  index(slot: number): Uint8Array;
  /** Where they are not scattered: the names of what is kept of changes, how much that is and the log itself. */
  history(): readonly [settings: Uint8Array, log: Uint8Array];
}

/** Returns where keys by their names are. `toBuffer` makes of a name what the client takes. */
export function createPlacement(names: Names, toBuffer: (name: Uint8Array) => Uint8Array): Placement {
  const { prefix } = names;
  const indexes = new Map<number, Uint8Array>();
  let history: [Uint8Array, Uint8Array] | undefined;
  const beside = (name: string): Uint8Array => toBuffer(nameBeside(prefix, name));
  // All keys are in the slot of the prefix's tag.
  const isTogether = tagOf(prefix) !== undefined;
  return {
    isScattered: (client) => !isTogether && !!client?.isCluster,
    slotOf: names.slotOf,
    index(slot) {
      let found = indexes.get(slot);
      if (!found) {
        const tag = slot < 0 ? "" : `{${tagIn(slot)}}`;
        indexes.set(slot, (found = beside(`${tag}deadlines`)));
      }
      return found;
    },
    history: () => (history ??= [beside("history"), beside("log")]),
  };
}

/** Groups items by the slot that they are in. */
export function groupBySlot<T>(items: readonly T[], slotOf: (item: T) => number): Map<number, T[]> {
  const slots = new Map<number, T[]>();
  for (const item of items) {
    const slot = slotOf(item);
    const found = slots.get(slot);
    if (found) found.push(item);
    else slots.set(slot, [item]);
  }
  return slots;
}
