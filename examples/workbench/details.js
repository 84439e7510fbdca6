import { attempt } from "./messages.js";
import { preview, sniff } from "./sniff.js";

// A value beyond this is read when it is opened, and not for a line of the list.
const mostRead = 4_000_000;
const mostAtOnce = 8_000_000;
const guessedSize = 100_000;
// More than are in view, so that a look back is not another read.
const mostKnown = 400;
const pause = 80;

/**
 * What the list shows of values besides what `list` returns: read once, and again when the value has changed. `changed` is called
 * when there is more to show.
 */
export function createDetails(session, changed) {
  const known = createKnown();
  let wanted = [];
  let isReading = false;

  /** Reads what is in view and not known yet: at once, and while one scrolls on, once in a while. */
  async function want(entries) {
    wanted = entries;
    const store = session.current;
    if (isReading || !store || entries.every(known.has)) return;
    isReading = true;
    known.keepSome(entries, mostKnown);
    const isRead = await attempt(() => known.read(store, entries, () => store === session.current && changed()));
    await new Promise((resolve) => setTimeout(resolve, pause));
    isReading = false;
    if (isRead || store !== session.current) void want(wanted);
  }

  return {
    of: known.of,
    forget: known.forget,
    forgetAll: () => known.keepSome([], 0),
    want: (entries) => void want(entries),
  };
}

function createKnown() {
  const known = new Map();
  // What changes while it is being read is read again, not kept.
  const changed = new Set();

  const isKnown = ({ key, size }) => known.has(key) && size === known.get(key).listed;

  function forget(key) {
    changed.add(key);
    const url = known.get(key)?.url;
    if (url) URL.revokeObjectURL(url);
    known.delete(key);
  }

  function learn(key, bytes, listed) {
    // It has gone meanwhile, which is reported on another way.
    if (!bytes) return known.set(key, { kind: "", preview: "", listed });
    const type = sniff(bytes);
    const url = type.kind === "image" ? URL.createObjectURL(new Blob([bytes], { type: type.mime })) : undefined;
    const { kind, mime } = type;
    known.set(key, { kind, mime, preview: preview(bytes, type), size: bytes.length, listed, url });
  }

  return {
    of: (key) => known.get(key),
    has: isKnown,
    forget,
    /** Keeps what is about these entries, and of the rest what was learnt last: so many in all. */
    keepSome(entries, most) {
      const wanted = new Set(entries.map(({ key }) => key));
      for (const key of known.keys()) {
        if (known.size <= most) return;
        if (!wanted.has(key)) forget(key);
      }
    },
    /** Reads what is not known yet, in portions that fit into memory, and calls back after each. */
    async read(store, entries, onPortion) {
      let portion = [];
      let bytes = 0;
      const flush = async () => {
        const read = portion;
        portion = [];
        bytes = 0;
        changed.clear();
        const values = await store.findMany(read.map(({ key }) => key));
        read.forEach(({ key, size }, index) => changed.has(key) || learn(key, values[index], size));
        onPortion();
      };
      for (const entry of entries.filter((each) => !isKnown(each))) {
        const { key, size } = entry;
        if (size > mostRead) {
          known.set(key, { kind: "large", preview: "Open it to see what it is", size, listed: size });
          continue;
        }
        if (bytes && bytes + (size ?? guessedSize) > mostAtOnce) await flush();
        portion.push(entry);
        bytes += size ?? guessedSize;
      }
      if (portion.length) await flush();
    },
  };
}
