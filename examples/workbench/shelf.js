/**
 * The entries that are listed, by key. While all is listed again, what comes is put beside, and takes the place of the rest when
 * it is whole.
 */
export function createShelf() {
  let entries = new Map();
  let next;
  let soonest = Infinity;

  const maps = () => (next ? [entries, next] : [entries]);

  function put(map, entry) {
    map.set(entry.key, entry);
    soonest = Math.min(soonest, entry.expiresAt);
  }

  return {
    get entries() {
      return entries;
    },
    /** When the next of them expires: epoch ms. */
    get soonest() {
      return soonest;
    },
    /** How many have come since it was begun. */
    get size() {
      return (next ?? entries).size;
    },
    clear() {
      entries = new Map();
      next = undefined;
      soonest = Infinity;
    },
    beginAgain: () => void (next = entries.size ? new Map() : undefined),
    endAgain(isWhole) {
      if (isWhole && next) entries = next;
      next = undefined;
    },
    add: (entry) => put(next ?? entries, entry),
    /** Sets an entry, or deletes it where there is none. */
    set(key, entry) {
      for (const map of maps()) {
        if (entry) put(map, entry);
        else map.delete(key);
      }
    },
    /** Takes away what has expired. */
    expire(now) {
      if (soonest > now) return;
      soonest = Infinity;
      for (const map of maps()) {
        for (const [key, { expiresAt }] of map) {
          if (expiresAt <= now) map.delete(key);
          else soonest = Math.min(soonest, expiresAt);
        }
      }
    },
  };
}
