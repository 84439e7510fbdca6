import { createDetails } from "./details.js";
import { createEmpty } from "./empty.js";
import { showKey } from "./format.js";
import { attempt, say } from "./messages.js";
import { createPager } from "./pager.js";
import { createPages } from "./pages.js";
import { createRefresh } from "./refresh.js";
import { createRows } from "./rows.js";

/** The list of entries: a page of it, in step with the store. */
export function createEntries(session, openEntry) {
  const filter = document.querySelector("#filter");
  const pages = createPages();
  const details = createDetails();
  const refresh = createRefresh(readOnce);
  const pager = createPager(pages, refresh.now);
  const rows = createRows(act, refresh.soon);
  const empty = createEmpty(() => {
    filter.value = "";
    restart();
    filter.focus();
  });
  let fresh = new Set();

  async function readOnce() {
    const store = session.current;
    if (!store) return show([]);
    const entries = await pages.read(store, filter.value);
    if (store !== session.current) return;
    details.keep(entries.map(({ key }) => key));
    show(entries);
    await details.read(store, entries, () => store === session.current && show(entries));
  }

  function show(entries) {
    const live = entries.filter(({ expiresAt }) => expiresAt > Date.now());
    rows.show(live, details.of, fresh);
    fresh = new Set();
    pager.show(live.length);
    if (live.length) empty.hide();
    else empty.show(!!session.current, filter.value);
  }

  function restart() {
    pages.reset();
    return refresh.now();
  }

  function act(what, entry) {
    if (what === "delete") void attempt(() => remove(entry));
    else openEntry(entry.key, { extend: what === "extend" });
  }

  /** Takes an entry away, and remembers it for as long as it can be taken back. */
  async function remove({ key, expiresAt }) {
    const { store } = session;
    const value = await store.take(key);
    refresh.soon();
    if (!value) return say(`${showKey(key)} was gone already`);
    say(`Deleted ${showKey(key)}`, async () => {
      const ttl = expiresAt - Date.now();
      if (ttl <= 0) return say(`${showKey(key)} would have expired by now`);
      const isBack = await store.setIfAbsent(key, value, { ttl });
      say(isBack ? `Put ${showKey(key)} back` : `${showKey(key)} has a new value, which stays`);
      if (!isBack) return;
      await refresh.now();
      rows.focus(key);
    });
  }

  filter.addEventListener("input", () => {
    pages.reset();
    refresh.soon();
  });

  return {
    refresh: refresh.soon,
    restart,
    remove,
    get prefix() {
      return filter.value;
    },
    /** Takes note of a change, whoever made it. */
    changed({ type, key }) {
      details.forget(key);
      if (type === "set") fresh.add(key);
      refresh.soon();
    },
    forgetAll: () => details.keep([]),
  };
}
