import { createDetails } from "./details.js";
import { showKey } from "./format.js";
import { attempt, say } from "./messages.js";
import { createPages } from "./pages.js";
import { createRows } from "./rows.js";

const pause = 80;

/** The list of entries: a page of it, in step with the store. */
export function createEntries(session, openEntry) {
  const filter = document.querySelector("#filter");
  const empty = document.querySelector("#empty");
  const previous = document.querySelector("#previous");
  const next = document.querySelector("#next");
  const range = document.querySelector("#range");
  const pages = createPages();
  const details = createDetails();
  const rows = createRows(act, () => refresh());
  let fresh = new Set();
  let timer;
  let reading;
  let isStale = false;

  /** Reads the page again, soon. Many wishes at once are one. */
  function refresh() {
    timer ??= setTimeout(() => {
      timer = undefined;
      void read();
    }, pause);
  }

  /** Reads the page. One reading at a time: a wish that comes meanwhile is granted after it. */
  function read() {
    isStale = true;
    reading ??= (async () => {
      while (isStale) {
        isStale = false;
        await attempt(readOnce);
      }
      reading = undefined;
    })();
    return reading;
  }

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
    range.textContent = live.length ? describe(live.length) : "";
    // Not `disabled`, which would take the focus away from under a finger.
    previous.setAttribute("aria-disabled", String(!pages.hasPrevious));
    next.setAttribute("aria-disabled", String(!pages.hasNext));
    showEmpty(live.length === 0);
  }

  function describe(count) {
    if (!pages.hasPrevious && !pages.hasNext) return count === 1 ? "1 entry" : `${count} entries`;
    return `${pages.first}–${pages.first + count - 1}${pages.hasNext ? ", more follow" : ""}`;
  }

  function showEmpty(isEmpty) {
    empty.hidden = !isEmpty;
    document.querySelector("#list table").hidden = isEmpty;
    if (!isEmpty) return;
    const isFiltered = filter.value !== "";
    const [title, text] = !session.current
      ? ["No store is open", "Mend the configuration and open it, or choose another store above."]
      : isFiltered
        ? ["No such key", `No live entry has a key that begins with ${JSON.stringify(filter.value)}.`]
        : ["Nothing on the shelf", "Put a text, drop some files anywhere on this page, or begin with 1,000 samples."];
    const heading = Object.assign(document.createElement("strong"), { textContent: title });
    const words = Object.assign(document.createElement("p"), { textContent: text });
    empty.replaceChildren(heading, words);
    if (session.current && isFiltered) {
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: "Show all" });
      button.onclick = () => {
        filter.value = "";
        restart();
        filter.focus();
      };
      empty.append(button);
    }
  }

  function restart() {
    pages.reset();
    return read();
  }

  async function turn(button, how) {
    if (button.getAttribute("aria-disabled") === "true") return;
    how();
    await read();
    document.querySelector("#list").scrollTo({ top: 0 });
    say(`Showing ${range.textContent || "no entries"}`);
  }

  function act(what, entry) {
    if (what === "delete") void attempt(() => remove(entry));
    else openEntry(entry.key, { extend: what === "extend" });
  }

  /** Takes an entry away, and remembers it for as long as it can be taken back. */
  async function remove({ key, expiresAt }) {
    const { store } = session;
    const value = await store.take(key);
    refresh();
    if (!value) return say(`${showKey(key)} was gone already`);
    say(`Deleted ${showKey(key)}`, async () => {
      const ttl = expiresAt - Date.now();
      if (ttl <= 0) return say(`${showKey(key)} would have expired by now`);
      const isBack = await store.setIfAbsent(key, value, { ttl });
      say(isBack ? `Put ${showKey(key)} back` : `${showKey(key)} has a new value, which stays`);
      if (!isBack) return;
      await read();
      rows.focus(key);
    });
  }

  filter.addEventListener("input", () => {
    pages.reset();
    refresh();
  });
  previous.addEventListener("click", () => turn(previous, pages.previous));
  next.addEventListener("click", () => turn(next, pages.next));

  return {
    refresh,
    restart,
    remove,
    get prefix() {
      return filter.value;
    },
    /** Takes note of a change, whoever made it. */
    changed({ type, key }) {
      details.forget(key);
      if (type === "set") fresh.add(key);
      refresh();
    },
    forgetAll: () => details.keep([]),
  };
}
