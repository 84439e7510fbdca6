import type { Entry } from "../../core/contract.ts";
import { isSame } from "./isSame.ts";

/** What lives of some entries, as maps that do not change. */
export interface Snapshots<V> {
  readonly entries: Map<string, Entry<V>>;
  /** When the next of the entries expires: epoch ms. */
  due: number;
  /** Puts an entry in, or takes it out. A value that is the same stays the same object. */
  put(key: string, entry: Entry<V> | undefined): void;
  /** Returns what lives: the map before, if it is the same. */
  take(): ReadonlyMap<string, V>;
}

/** Returns snapshots of entries, of which there are none yet. */
export function createSnapshots<V>(now: () => number): Snapshots<V> {
  const entries = new Map<string, Entry<V>>();
  let shown: ReadonlyMap<string, V> = new Map();
  const snapshots: Snapshots<V> = {
    entries,
    due: Infinity,
    put(key, entry) {
      const before = entries.get(key)?.value;
      if (!entry) entries.delete(key);
      else entries.set(key, { ...entry, value: isSame(before, entry.value) ? before! : entry.value });
    },
    take() {
      const next = new Map<string, V>();
      let isChanged = false;
      snapshots.due = Infinity;
      for (const [key, { value, expiresAt }] of entries) {
        if (expiresAt <= now()) continue;
        snapshots.due = Math.min(snapshots.due, expiresAt);
        next.set(key, value);
        isChanged ||= !Object.is(shown.get(key), value);
      }
      return isChanged || next.size !== shown.size ? (shown = next) : shown;
    },
  };
  return snapshots;
}
