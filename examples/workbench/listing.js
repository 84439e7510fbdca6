import { createLooks } from "./looks.js";
import { attempt } from "./messages.js";
import { createShelf } from "./shelf.js";

const pageSize = 1000;
// Taller than so many lines no engine makes an element.
const most = 250_000;

/**
 * What a store has, as it lists it: read page after page, and in step with the changes that are noted. `changed` is called whenever
 * there is something new to show.
 */
export function createListing(session, changed) {
  const shelf = createShelf();
  const looks = createLooks(session, { set: shelf.set, listAgain: again, done: changed });
  let prefix = "";
  let cursor;
  let state = "idle";
  let run = 0;
  let stopper = new AbortController();
  // Changed since the page that is on its way was asked for, so that its word on them is old.
  let touched = new Set();

  /** Reads on to the end, or until it is stopped. */
  async function readOn() {
    const mine = ++run;
    const { store } = session;
    const { signal } = (stopper = new AbortController());
    state = "reading";
    changed();
    const isDone = await attempt(async () => {
      do {
        touched = new Set();
        const page = await store.list({ prefix, limit: pageSize, cursor, signal });
        if (mine !== run) return;
        for (const entry of page.entries) if (!touched.has(entry.key)) shelf.add(entry);
        cursor = page.cursor;
        changed();
      } while (cursor !== undefined && shelf.size < most);
    });
    if (mine !== run) return;
    shelf.endAgain(isDone);
    state = isDone && cursor === undefined ? "complete" : "stopped";
    changed();
  }

  function abandon() {
    run++;
    stopper.abort();
  }

  function begin() {
    if (session.current) return readOn();
    state = "idle";
    changed();
    return Promise.resolve();
  }

  /** Lists the same again, and shows what it had until that is there. */
  function again() {
    abandon();
    shelf.endAgain(false);
    shelf.beginAgain();
    cursor = undefined;
    return begin();
  }

  return {
    /** Lists what begins with a prefix, from its beginning. Resolves when all of it is there. */
    start(wanted) {
      abandon();
      shelf.clear();
      prefix = wanted;
      cursor = undefined;
      return begin();
    },
    again,
    /** Looks at what has changed, at once. */
    flush: looks.flush,
    stop() {
      if (state !== "reading") return;
      abandon();
      shelf.endAgain(false);
      state = "stopped";
      changed();
    },
    goOn: () => state === "stopped" && begin(),
    /** Takes note of a change, whoever made it. */
    note(type, key) {
      if (!key.startsWith(prefix)) return;
      touched.add(key);
      if (type === "set") return looks.add(key);
      looks.drop(key);
      shelf.set(key, undefined);
      changed();
    },
    /** Takes away what has expired. */
    expire: shelf.expire,
    get entries() {
      return shelf.entries;
    },
    get prefix() {
      return prefix;
    },
    /** "idle" without a store, "reading", "complete", or "stopped" where more follows. */
    get state() {
      return state;
    },
    get isFull() {
      return shelf.entries.size >= most;
    },
    /** When the next of them expires: epoch ms. */
    get soonest() {
      return shelf.soonest;
    },
  };
}
