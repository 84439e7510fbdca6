import { element } from "./element.js";
import { formatLeft, formatSize, showDate, showKey, urgency } from "./format.js";

const columns = ["key", "kind", "preview", "size", "left", "actions"];

/** A line of the list. `act` is called with what to do ("open", "extend", "delete") and the entry. */
export function createRow(key, act) {
  const line = element("tr");
  line.setAttribute("role", "row");
  const cells = Object.fromEntries(columns.map((name) => [name, element("td", { className: name })]));
  for (const cell of Object.values(cells)) cell.setAttribute("role", "cell");
  line.append(...Object.values(cells));
  const shown = showKey(key);
  const open = button("open", shown, `Open ${shown}`);
  open.title = shown;
  const actions = [button("extend", "Extend", `Extend ${shown}`), button("delete", "Delete", `Delete ${shown}`)];
  cells.key.append(open);
  cells.actions.append(...actions);
  let entry;
  let detail;

  function button(what, text, label) {
    const one = element("button", { type: "button", textContent: text, tabIndex: -1 });
    one.className = what === "open" ? "link" : `quiet ${what}`;
    one.setAttribute("aria-label", label);
    one.onclick = () => act(what, entry);
    return one;
  }

  function showDetail() {
    const { kind, preview } = cells;
    kind.replaceChildren(element("span", { textContent: detail?.kind ?? "" }));
    kind.dataset.kind = detail?.kind ?? "";
    kind.title = detail?.mime ?? "";
    preview.replaceChildren(...previewOf(detail));
  }

  function showLeft(now) {
    const ms = entry.expiresAt - now;
    const text = formatLeft(ms);
    if (cells.left.textContent !== text) cells.left.textContent = text;
    cells.left.dataset.urgency = urgency(ms);
  }

  return {
    element: line,
    get expiresAt() {
      return entry.expiresAt;
    },
    /** Shows an entry, and what is known of its value. */
    show(next, known) {
      entry = next;
      const bytes = entry.size ?? known?.size;
      cells.size.textContent = bytes === undefined ? "" : formatSize(bytes);
      cells.left.title = showDate(entry.expiresAt);
      if (known !== detail) {
        detail = known;
        showDetail();
      }
      showLeft(Date.now());
    },
    showLeft,
    /** Lights up. */
    flash() {
      line.classList.remove("fresh");
      void line.offsetWidth; // so that the animation starts anew
      line.classList.add("fresh");
    },
    /** Takes its buttons into the tab order, or out of it. */
    setTabbable(isTabbable) {
      for (const one of [open, ...actions]) one.tabIndex = isTabbable ? 0 : -1;
    },
    focus: () => open.focus(),
  };
}

function previewOf(detail) {
  if (!detail) return [];
  if (detail.url) return [element("img", { src: detail.url, alt: "", loading: "lazy" })];
  return [element("bdi", { textContent: detail.preview })];
}
