import { arrange } from "./arrange.js";
import { clear } from "./clear.js";
import { createCounter } from "./counter.js";
import { createDetails } from "./details.js";
import { createEmpty } from "./empty.js";
import { createExporter } from "./exporter.js";
import { createImporter } from "./importer.js";
import { createJob } from "./job.js";
import { createListing } from "./listing.js";
import { listenToKeys } from "./listKeys.js";
import { createMenu } from "./menu.js";
import { createRemoval } from "./removal.js";
import { createRows } from "./rows.js";
import { createSearch } from "./search.js";
import { createSelected } from "./selected.js";
import { createSelection } from "./selection.js";
import { createSorting } from "./sorting.js";

const pause = 80;
const tickInterval = 200;
const longestTimer = 60_000;

/** The list of entries, in step with the store. */
export function createEntries(session, openEntry) {
  const listing = createListing(session, soon);
  const details = createDetails(session, () => rows.render());
  const rows = createRows({
    act,
    detailOf: details.of,
    isSelected: (key) => selection.has(key),
    onWindow: (shown) => details.want(shown),
  });
  const selection = createSelection(() => rows, showSelection);
  const search = createSearch(find);
  const sorting = createSorting(() => {
    arrangeNow();
    rows.toTop();
  });
  const counter = createCounter(listing);
  const empty = createEmpty(search.clear);
  const job = createJob();
  const removal = createRemoval(session, { rows, listing, arrange: arrangeNow, job });
  const exporter = createExporter(session, { search, listing, rows, job });
  createImporter(session, { listing, job });
  const selected = createSelected(session, { selection, listing, removal, job, save: exporter.save });
  const menu = createMenu(session);
  let fresh = new Set();
  let timer;
  let ticking;

  /** Shows what is listed by now, a moment after it was asked for: many wishes at once are one. */
  function soon() {
    timer ??= setTimeout(arrangeNow, pause);
  }

  function arrangeNow() {
    clearTimeout(timer);
    timer = undefined;
    listing.expire(Date.now());
    const { words, match } = search;
    const found = arrange(listing.entries.values(), { words, match, ...sorting.order });
    if (found.length) empty.hide();
    else empty.show(listing.state, search);
    rows.show(found, fresh);
    fresh = new Set();
    selection.update();
    counter.show(found, words !== "");
    tick();
  }

  /** Counts down, and takes each line away at its deadline, not at the next second. */
  function tick() {
    clearTimeout(ticking);
    const now = Date.now();
    if (listing.soonest <= now) return arrangeNow();
    const next = Math.min(listing.soonest - now, rows.tick(now) ? tickInterval : longestTimer);
    ticking = setTimeout(tick, next);
  }

  /** Searches: among what is listed where that is all, by a listing of its own where it is a prefix. */
  function find() {
    const { words, match } = search;
    const { prefix, state } = listing;
    const wanted = match === "prefix" ? words : "";
    const isThere = wanted.startsWith(prefix) && (state === "complete" || wanted === prefix);
    selection.clear();
    if (!isThere) void listing.start(wanted);
    arrangeNow();
    rows.toTop();
  }

  function showSelection() {
    rows.render();
    selected.show();
  }

  function restart() {
    const { words, match } = search;
    selection.clear();
    const done = listing.start(match === "prefix" ? words : "");
    arrangeNow();
    return done;
  }

  function act(what, entry, event) {
    if (what === "select") selection.toggle(entry.key, event.shiftKey);
    else if (what === "delete") removal.remove([entry]);
    else if (what === "more") menu.open(entry, event.currentTarget);
    else if (what === "open" || what === "extend") openEntry(entry.key, { extend: what === "extend" });
  }

  listenToKeys({ rows, selection, remove, focusUndo: removal.focusUndo });

  /** Deletes the line that has the focus, or all that are selected if it is one of them. */
  function remove(entry) {
    removal.remove(selection.has(entry.key) ? selection.entries : [entry]);
  }

  return {
    clear: () => clear(session, { search, listing, rows, removal, restart }),
    refresh: () => void listing.again(),
    restart,
    /** Takes an entry away, and remembers it for as long as it can be taken back. */
    remove: (entry) => removal.remove([entry]),
    /** Takes note of a change, whoever made it. */
    changed({ type, key }) {
      details.forget(key);
      if (type === "set") fresh.add(key);
      listing.note(type, key);
    },
    forgetAll: () => details.forgetAll(),
  };
}
