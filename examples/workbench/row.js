import { element } from "./element.js";
import { formatLeft, formatSize, showDate, showKey, urgency } from "./format.js";
import { icon } from "./icons.js";

const columns = ["check", "key", "kind", "preview", "size", "left", "actions"];

/** A line of the list. `act` is called with what to do ("select", "open", "extend", "delete", "more"), the entry and the event. */
export function createRow(key, act) {
  const line = element("tr");
  line.setAttribute("role", "row");
  const cells = Object.fromEntries(columns.map((name) => [name, element("td", { className: name })]));
  for (const cell of Object.values(cells)) cell.setAttribute("role", "cell");
  line.append(...Object.values(cells));
  const shown = showKey(key);
  const check = element("input", { type: "checkbox", tabIndex: -1 });
  check.setAttribute("aria-label", `Select ${shown}`);
  check.onclick = (event) => act("select", entry, event);
  const open = element("button", { type: "button", className: "link", tabIndex: -1, textContent: shown, title: shown });
  open.setAttribute("aria-label", `Open ${shown}`);
  open.onclick = (event) => act("open", entry, event);
  const buttons = [tool("extend", "Extend"), tool("delete", "Delete"), tool("more", "More for")];
  const controls = [check, open, ...buttons];
  cells.check.append(check);
  cells.key.append(open);
  cells.actions.append(...buttons);
  let entry;
  let detail;

  function tool(what, name) {
    const one = element("button", { type: "button", tabIndex: -1, className: `quiet tool ${what}`, title: name });
    one.setAttribute("aria-label", `${name} ${shown}`);
    if (what === "more") {
      one.title = "More";
      one.setAttribute("aria-haspopup", "menu");
    }
    one.append(icon(what));
    one.onclick = (event) => act(what, entry, event);
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
    controls,
    get entry() {
      return entry;
    },
    /** Shows an entry, its place in the list, what is known of its value, and whether it is selected. */
    show(next, index, known, isSelected) {
      line.setAttribute("aria-rowindex", index + 2);
      line.classList.toggle("selected", isSelected);
      check.checked = isSelected;
      if (next === entry && known === detail) return showLeft(Date.now());
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
    /** Takes one of its controls into the tab order, or all of them out of it. */
    setTabbable(column) {
      for (const [index, control] of controls.entries()) control.tabIndex = index === column ? 0 : -1;
    },
    focus: (column = 1, options) => controls[column].focus(options),
  };
}

function previewOf(detail) {
  if (!detail) return [];
  if (detail.url) return [element("img", { src: detail.url, alt: "", loading: "lazy" })];
  return [element("bdi", { textContent: detail.preview })];
}
