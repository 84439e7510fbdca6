import { formatLeft, formatSize, showDate, showKey, urgency } from "./format.js";

const body = document.querySelector("#rows");
const columns = ["key", "kind", "preview", "size", "left", "actions"];

/**
 * The lines of the list. They are kept by key, so that focus and selection stay where they are, and one of them is in the
 * tab order: the arrow keys move on from there. `act` is called with what to do ("open", "extend", "delete") and the entry.
 */
export function createRows(act, onExpired) {
  const rows = new Map();
  let current;
  let timer;

  function create(key) {
    const element = document.createElement("tr");
    element.setAttribute("role", "row");
    const cells = {};
    for (const name of columns) {
      cells[name] = Object.assign(document.createElement("td"), { className: name });
      cells[name].setAttribute("role", "cell");
    }
    element.append(...Object.values(cells));
    const shown = showKey(key);
    const open = button("open", shown, `Open ${shown}`);
    open.title = shown;
    const actions = [button("extend", "Extend", `Extend ${shown}`), button("delete", "Delete", `Delete ${shown}`)];
    cells.key.append(open);
    cells.actions.append(...actions);
    element.addEventListener("focusin", () => choose(key));
    return { element, cells, buttons: [open, ...actions], entry: undefined, detail: undefined };

    function button(what, text, label) {
      const one = Object.assign(document.createElement("button"), { type: "button", textContent: text, tabIndex: -1 });
      one.className = what === "open" ? "link" : `quiet ${what}`;
      one.setAttribute("aria-label", label);
      one.onclick = () => act(what, rows.get(key).entry);
      return one;
    }
  }

  function fill(row, entry, detail) {
    row.entry = entry;
    const { kind, size, left } = row.cells;
    const bytes = entry.size ?? detail?.size;
    size.textContent = bytes === undefined ? "" : formatSize(bytes);
    left.title = showDate(entry.expiresAt);
    if (detail !== row.detail) {
      row.detail = detail;
      kind.replaceChildren(Object.assign(document.createElement("span"), { textContent: detail?.kind ?? "" }));
      kind.dataset.kind = detail?.kind ?? "";
      kind.title = detail?.mime ?? "";
      row.cells.preview.replaceChildren(...previewOf(detail));
    }
    tell(row, Date.now());
  }

  function tell({ entry, cells: { left } }, now) {
    const ms = entry.expiresAt - now;
    const text = formatLeft(ms);
    if (left.textContent !== text) left.textContent = text;
    left.dataset.urgency = urgency(ms);
  }

  function remove(key) {
    const { element, buttons } = rows.get(key);
    const hadFocus = element.contains(document.activeElement);
    const neighbour = element.nextElementSibling ?? element.previousElementSibling;
    rows.delete(key);
    element.remove();
    if (current !== key) return;
    buttons.forEach((one) => (one.tabIndex = -1));
    current = undefined;
    const next = [...rows].find(([, row]) => row.element === neighbour)?.[0];
    if (next !== undefined) choose(next);
    if (hadFocus) (rows.get(next)?.buttons[0] ?? document.querySelector("#list")).focus();
  }

  function choose(key) {
    if (current === key || !rows.has(key)) return;
    rows.get(current)?.buttons.forEach((one) => (one.tabIndex = -1));
    current = key;
    rows.get(key).buttons.forEach((one) => (one.tabIndex = 0));
  }

  /** Counts down, and takes each line away at its deadline, not at the next second. */
  function tick() {
    clearTimeout(timer);
    const now = Date.now();
    let next = Infinity;
    let isAnyGone = false;
    for (const [key, row] of rows) {
      const { expiresAt } = row.entry;
      if (expiresAt <= now) {
        remove(key);
        isAnyGone = true;
      } else if (expiresAt < Infinity) {
        tell(row, now);
        next = Math.min(next, expiresAt - now);
      }
    }
    if (next < Infinity) timer = setTimeout(tick, Math.min(next, 200));
    if (isAnyGone) onExpired();
  }

  body.addEventListener("keydown", (event) => {
    const element = event.target.closest("tr");
    const all = [...body.rows];
    const index = all.indexOf(element);
    const target = { ArrowUp: index - 1, ArrowDown: index + 1, Home: 0, End: all.length - 1 }[event.key];
    if (event.key === "Delete") element.querySelector(".delete").click();
    else if (target === undefined) return;
    else {
      // The same button in another line, so that one can go down a column.
      const column = [...element.querySelectorAll("button")].indexOf(event.target);
      all[target]?.querySelectorAll("button")[column]?.focus();
    }
    event.preventDefault();
  });

  return {
    /** Shows these entries, in this order; those of `fresh` light up. */
    show(entries, detailOf, fresh = new Set()) {
      const wanted = new Set(entries.map(({ key }) => key));
      for (const key of rows.keys()) if (!wanted.has(key)) remove(key);
      let place = body.firstElementChild;
      for (const entry of entries) {
        const { key } = entry;
        const row = rows.get(key) ?? create(key);
        rows.set(key, row);
        if (row.element === place) place = place.nextElementSibling;
        else body.insertBefore(row.element, place);
        fill(row, entry, detailOf(key));
        if (fresh.has(key)) flash(row.element);
      }
      if (!rows.has(current) && entries.length) choose(entries[0].key);
      tick();
    },
    get size() {
      return rows.size;
    },
    focus: (key) => rows.get(key)?.buttons[0].focus(),
  };
}

function previewOf(detail) {
  if (!detail) return [];
  if (detail.url) return [Object.assign(document.createElement("img"), { src: detail.url, alt: "", loading: "lazy" })];
  return [Object.assign(document.createElement("bdi"), { textContent: detail.preview })];
}

function flash(element) {
  element.classList.remove("fresh");
  void element.offsetWidth; // so that the animation starts anew
  element.classList.add("fresh");
}
