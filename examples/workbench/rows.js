import { createRow } from "./row.js";

const body = document.querySelector("#rows");

/**
 * The lines of the list. They are kept by key, so that focus and selection stay where they are, and one of them is in the
 * tab order: the arrow keys move on from there. `act` is called with what to do ("open", "extend", "delete") and the entry.
 */
export function createRows(act, onExpired) {
  const rows = new Map();
  let current;
  let timer;

  function create(key) {
    const row = createRow(key, act);
    row.element.addEventListener("focusin", () => choose(key));
    rows.set(key, row);
    return row;
  }

  function remove(key) {
    const row = rows.get(key);
    const { element } = row;
    const hadFocus = element.contains(document.activeElement);
    const neighbour = element.nextElementSibling ?? element.previousElementSibling;
    rows.delete(key);
    element.remove();
    if (current !== key) return;
    row.setTabbable(false);
    current = undefined;
    const next = [...rows].find(([, row]) => row.element === neighbour)?.[0];
    if (next !== undefined) choose(next);
    if (hadFocus) (rows.get(next) ?? document.querySelector("#list")).focus();
  }

  function choose(key) {
    if (current === key || !rows.has(key)) return;
    rows.get(current)?.setTabbable(false);
    current = key;
    rows.get(key).setTabbable(true);
  }

  /** Counts down, and takes each line away at its deadline, not at the next second. */
  function tick() {
    clearTimeout(timer);
    const now = Date.now();
    let next = Infinity;
    let isAnyGone = false;
    for (const [key, row] of rows) {
      const { expiresAt } = row;
      if (expiresAt <= now) {
        remove(key);
        isAnyGone = true;
      } else if (expiresAt < Infinity) {
        row.showLeft(now);
        next = Math.min(next, expiresAt - now);
      }
    }
    if (next < Infinity) timer = setTimeout(tick, Math.min(next, 200));
    if (isAnyGone) onExpired();
  }

  body.addEventListener("keydown", moveFocus);

  return {
    /** Shows these entries, in this order; those of `fresh` light up. */
    show(entries, detailOf, fresh = new Set()) {
      const wanted = new Set(entries.map(({ key }) => key));
      for (const key of rows.keys()) if (!wanted.has(key)) remove(key);
      let place = body.firstElementChild;
      for (const entry of entries) {
        const { key } = entry;
        const row = rows.get(key) ?? create(key);
        if (row.element === place) place = place.nextElementSibling;
        else body.insertBefore(row.element, place);
        row.show(entry, detailOf(key));
        if (fresh.has(key)) row.flash();
      }
      if (!rows.has(current) && entries.length) choose(entries[0].key);
      tick();
    },
    get size() {
      return rows.size;
    },
    focus: (key) => rows.get(key)?.focus(),
  };
}

/** Moves the focus by the keys of a list, and deletes by Del. */
function moveFocus(event) {
  const line = event.target.closest("tr");
  const all = [...body.rows];
  const index = all.indexOf(line);
  const target = { ArrowUp: index - 1, ArrowDown: index + 1, Home: 0, End: all.length - 1 }[event.key];
  if (event.key === "Delete") line.querySelector(".delete").click();
  else if (target === undefined) return;
  else {
    // The same button in another line, so that one can go down a column.
    const column = [...line.querySelectorAll("button")].indexOf(event.target);
    all[target]?.querySelectorAll("button")[column]?.focus();
  }
  event.preventDefault();
}
