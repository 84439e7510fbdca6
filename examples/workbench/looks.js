import { attempt } from "./messages.js";

// Beyond so many changed keys, listing again is quicker than looking at each.
const most = 5000;
const atOnce = 100;
const pause = 80;

/**
 * Looks at what has changed, many at once. `set` gets each key and its entry, or none; `listAgain` is called when that is quicker,
 * and `done` after each portion.
 */
export function createLooks(session, { set, listAgain, done }) {
  const dirty = new Set();
  const looking = new Map();
  let timer;

  async function lookAt(keys) {
    const { store } = session;
    const mark = {};
    for (const key of keys) looking.set(key, mark);
    const found = await Promise.all(keys.map((key) => look(store, key)));
    if (store !== session.current) return;
    for (const [index, key] of keys.entries()) {
      // Changed again meanwhile: it is looked at once more.
      if (looking.get(key) !== mark) continue;
      looking.delete(key);
      set(key, found[index]);
    }
    done();
  }

  async function flush() {
    clearTimeout(timer);
    timer = undefined;
    const keys = [...dirty];
    dirty.clear();
    if (!session.current) return;
    if (keys.length > most) return void listAgain();
    await attempt(async () => {
      for (let at = 0; at < keys.length; at += atOnce) await lookAt(keys.slice(at, at + atOnce));
    });
  }

  return {
    /** Looks at what it was asked to, at once. */
    flush,
    /** Looks at a key in a moment. */
    add(key) {
      looking.delete(key);
      dirty.add(key);
      timer ??= setTimeout(() => void flush(), pause);
    },
    /** Forgets a key that is known to be gone. */
    drop(key) {
      looking.delete(key);
      dirty.delete(key);
    },
  };
}

/** Reads one line of a listing, without the value where the key is the first of those that begin with it. */
async function look(store, key) {
  const [first] = (await store.list({ prefix: key, limit: 1 })).entries;
  if (!first || first.key === key) return first;
  const found = await store.entry(key);
  return found && { key, expiresAt: found.expiresAt, size: found.value.length };
}
