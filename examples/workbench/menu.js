import { copy, copyValue, downloadValue } from "./copy.js";
import { showKey } from "./format.js";
import { attempt, say } from "./messages.js";

/** The menu of a line: what is done with one entry now and then. */
export function createMenu(session) {
  const menu = document.querySelector("#menu");
  const items = [...menu.querySelectorAll("button")];
  let key;
  let opener;

  const acts = {
    async key() {
      await copy(key);
      say(`Copied the key ${showKey(key)}`);
    },
    value: () => copyValue(session.store, key),
    download: () => downloadValue(session.store, key),
  };

  function close() {
    menu.hidePopover();
    opener?.focus();
  }

  menu.addEventListener("click", ({ target }) => {
    const act = target.closest("button")?.value;
    if (!act) return;
    // Before the menu goes: a browser lets a page copy for what one has just clicked.
    void attempt(acts[act]);
    close();
  });
  menu.addEventListener("keydown", (event) => {
    const at = items.indexOf(document.activeElement);
    const target = { ArrowDown: at + 1, ArrowUp: at - 1 + items.length, Home: 0, End: items.length - 1 }[event.key];
    if (event.key === "Escape" || event.key === "Tab") close();
    else if (target === undefined) return;
    else items[target % items.length].focus();
    event.preventDefault();
    event.stopPropagation();
  });

  return {
    /** Opens it at a button of a line. */
    open(entry, button) {
      ({ key } = entry);
      opener = button;
      menu.setAttribute("aria-label", `More for ${showKey(key)}`);
      menu.showPopover();
      const { right, bottom, top } = button.getBoundingClientRect();
      const below = bottom + menu.offsetHeight < innerHeight;
      menu.style.left = `${Math.max(8, right - menu.offsetWidth)}px`;
      menu.style.top = `${below ? bottom : top - menu.offsetHeight}px`;
      items[0].focus();
    },
  };
}
