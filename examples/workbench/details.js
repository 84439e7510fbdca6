import { preview, sniff } from "./sniff.js";

// A value beyond this is read when it is opened, and not for a line of the list.
const mostRead = 4_000_000;
const mostAtOnce = 8_000_000;
const guessedSize = 100_000;

/** What the list shows of values besides what `list` returns: read once, and again when the value has changed. */
export function createDetails() {
  const known = new Map();
  // What changes while it is being read is read again, not kept.
  const changed = new Set();

  const isKnown = ({ key, size }) => known.has(key) && (size === undefined || size === known.get(key).size);

  function forget(key) {
    changed.add(key);
    const url = known.get(key)?.url;
    if (url) URL.revokeObjectURL(url);
    known.delete(key);
  }

  function learn(key, bytes) {
    const type = sniff(bytes);
    const url = type.kind === "image" ? URL.createObjectURL(new Blob([bytes], { type: type.mime })) : undefined;
    known.set(key, { kind: type.kind, mime: type.mime, preview: preview(bytes, type), size: bytes.length, url });
  }

  return {
    of: (key) => known.get(key),
    forget,
    /** Keeps what is about these keys and forgets the rest. */
    keep(keys) {
      const wanted = new Set(keys);
      for (const key of known.keys()) if (!wanted.has(key)) forget(key);
    },
    /** Reads what is not known yet, in portions that fit into memory, and calls back after each. */
    async read(store, entries, onPortion) {
      let portion = [];
      let bytes = 0;
      const flush = async () => {
        const keys = portion;
        portion = [];
        bytes = 0;
        changed.clear();
        const values = await store.findMany(keys);
        keys.forEach((key, index) => values[index] && !changed.has(key) && learn(key, values[index]));
        onPortion();
      };
      for (const { key, size } of entries.filter((entry) => !isKnown(entry))) {
        if (size > mostRead) {
          known.set(key, { kind: "large", preview: "Open it to see what it is", size });
          continue;
        }
        if (bytes && bytes + (size ?? guessedSize) > mostAtOnce) await flush();
        portion.push(key);
        bytes += size ?? guessedSize;
      }
      if (portion.length) await flush();
    },
  };
}
