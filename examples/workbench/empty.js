import { element } from "./element.js";

/** What stands in the place of a list without entries: why there are none, and how there come to be some. */
export function createEmpty(showAll) {
  const place = document.querySelector("#empty");
  const table = document.querySelector("#list table");

  function words(isOpen, prefix) {
    if (!isOpen) return ["No store is open", "Mend the configuration and open it, or choose another store above."];
    if (prefix !== "") return ["No such key", `No live entry has a key that begins with ${JSON.stringify(prefix)}.`];
    return ["Nothing on the shelf", "Put a text, drop some files anywhere on this page, or begin with 1,000 samples."];
  }

  return {
    hide() {
      place.hidden = true;
      table.hidden = false;
    },
    show(isOpen, prefix) {
      place.hidden = false;
      table.hidden = true;
      const [title, text] = words(isOpen, prefix);
      place.replaceChildren(element("strong", { textContent: title }), element("p", { textContent: text }));
      if (!isOpen || prefix === "") return;
      place.append(element("button", { type: "button", textContent: "Show all", onclick: showAll }));
    },
  };
}
