import { createLines } from "./lines.js";
import { createViewport } from "./viewport.js";

const table = document.querySelector("#list table");
const place = document.querySelector("#list");
const openColumn = 1;

/**
 * The lines of the list: of all entries those that are in view. One control of one of them is in the tab order: the arrow keys
 * move on from there. `act` is called with what to do and the entry, `onWindow` with the entries in view whenever they may be
 * others.
 */
export function createRows({ act, detailOf, isSelected, onWindow }) {
  const viewport = createViewport();
  const lines = createLines(act, choose);
  let list = [];
  let shown = [];
  let current;
  let column = openColumn;

  const indexOf = (key) => list.findIndex((entry) => entry.key === key);

  /** Makes a control of a line the one in the tab order. */
  function choose(key, index = column) {
    lines.get(current)?.setTabbable();
    current = key;
    column = index;
    lines.get(key)?.setTabbable(column);
  }

  /** Shows the lines that are in view. */
  function render(fresh = new Set()) {
    const [first, last] = viewport.range(list.length);
    shown = list.slice(first, last);
    lines.sync(shown, (row, entry, at) => {
      row.show(entry, first + at, detailOf(entry.key), isSelected(entry.key));
      if (fresh.has(entry.key)) row.flash();
    });
    if (viewport.fit(list.length, first)) return render(fresh);
    if (!lines.has(current) && !place.matches(":focus")) choose(shown[viewport.anchor() - first || 0]?.key);
    else lines.get(current)?.setTabbable(column);
    onWindow(shown);
  }

  /** The key of the line that comes after the one with the focus, or before, among those that stay. */
  function findNeighbour() {
    const kept = new Set(list.map(({ key }) => key));
    const keys = shown.map(({ key }) => key);
    const at = keys.indexOf(current);
    return [...keys.slice(at), ...keys.slice(0, at).reverse()].find((key) => kept.has(key));
  }

  /** Shows these entries, in this order; those of `fresh` light up. What is in view stays where it is. */
  function show(entries, fresh) {
    const before = viewport.anchor();
    const anchor = list[before];
    const hasFocus = lines.hasFocus(current);
    list = entries;
    table.setAttribute("aria-rowcount", list.length + 1);
    const after = anchor ? indexOf(anchor.key) : -1;
    if (hasFocus && indexOf(current) < 0) {
      choose(findNeighbour());
      render(fresh);
      lines.get(current)?.focus(column, { preventScroll: true });
    } else render(fresh);
    if (after < 0 || after === before) return;
    viewport.scrollBy(after - before);
    render();
  }

  function focusAt(index) {
    const entry = list[index];
    if (!entry) return;
    viewport.scrollTo(index);
    render();
    choose(entry.key);
    lines.get(entry.key)?.focus(column, { preventScroll: true });
  }

  addEventListener("scroll", () => render(), { passive: true });
  new ResizeObserver(() => render()).observe(place);

  return {
    show,
    render,
    /** Moves the focus by the keys of a list, and returns the entry that has it then. */
    move(key) {
      const { page } = viewport;
      const steps = { ArrowUp: -1, ArrowDown: 1, PageUp: -page, PageDown: page, Home: -Infinity, End: Infinity };
      if (!(key in steps)) return undefined;
      focusAt(Math.max(0, Math.min(list.length - 1, indexOf(current) + steps[key])));
      return list[indexOf(current)];
    },
    /** Moves the focus along a line. */
    moveAlong(step) {
      const row = lines.get(current);
      if (row?.controls[column + step]) row.focus(column + step);
    },
    /** Scrolls to the first of them, if that is above. */
    toTop() {
      if (viewport.anchor() !== undefined) viewport.scrollTo(0);
    },
    get list() {
      return list;
    },
    /** The entries in view. */
    get shown() {
      return shown;
    },
    /** The entry of the line that has the focus, or had it last. */
    get focused() {
      return list[indexOf(current)];
    },
    tick: lines.tick,
    /** Gives the focus back to the line that had it last. */
    focusAgain: () => focusAt(indexOf(current)),
    focus(key) {
      column = openColumn;
      focusAt(indexOf(key));
    },
  };
}
