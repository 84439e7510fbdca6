import { createRow } from "./row.js";

const body = document.querySelector("#rows");
const place = document.querySelector("#list");

/** The lines that are in the page, by key, so that the focus stays where it is. `onFocus` gets the key and the number of the control. */
export function createLines(act, onFocus) {
  const rows = new Map();

  function create(key) {
    const row = createRow(key, act);
    row.element.addEventListener("focusin", ({ target }) => {
      const index = row.controls.indexOf(target);
      if (index >= 0) onFocus(key, index);
    });
    rows.set(key, row);
    return row;
  }

  /** Takes a line away. Where it has the focus, the list has that then. */
  function remove(key) {
    const { element } = rows.get(key);
    if (element.contains(document.activeElement)) place.focus({ preventScroll: true });
    rows.delete(key);
    element.remove();
  }

  return {
    get: (key) => rows.get(key),
    has: (key) => rows.has(key),
    hasFocus: (key) => !!rows.get(key)?.element.contains(document.activeElement),
    /** Has a line for each of these entries, in their order, and no other. `show` gets each, its entry and its place among them. */
    sync(entries, show) {
      const wanted = new Set(entries.map(({ key }) => key));
      for (const key of rows.keys()) if (!wanted.has(key)) remove(key);
      let next = body.firstElementChild;
      for (const [at, entry] of entries.entries()) {
        const row = rows.get(entry.key) ?? create(entry.key);
        if (row.element === next) next = next.nextElementSibling;
        else body.insertBefore(row.element, next);
        show(row, entry, at);
      }
    },
    /** Counts down, and returns whether there is anything to count. */
    tick(now) {
      const counting = [...rows.values()].filter(({ entry }) => entry.expiresAt < Infinity);
      for (const row of counting) row.showLeft(now);
      return counting.length > 0;
    },
  };
}
