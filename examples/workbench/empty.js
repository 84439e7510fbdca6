import { element } from "./element.js";

/** What stands in the place of a list without entries: why there are none, and how there come to be some. */
export function createEmpty(showAll) {
  const place = document.querySelector("#empty");
  const list = document.querySelector("#list");
  const table = list.querySelector("table");

  function wordsOf(state, { words, match }) {
    if (state === "idle")
      return ["No store is open", "Mend the configuration and open it, or choose another store above."];
    if (state === "reading") return ["Listing…", "The store is being read."];
    const how = match === "prefix" ? "begins with" : "contains";
    if (words !== "") return ["No such key", `No live entry has a key that ${how} ${JSON.stringify(words)}.`];
    return ["Nothing on the shelf", "Put a text, drop some files anywhere on this page, or begin with 1,000 samples."];
  }

  return {
    hide() {
      place.hidden = true;
      table.hidden = false;
    },
    show(state, search) {
      place.hidden = false;
      // What is hidden cannot keep the focus.
      if (table.contains(document.activeElement)) list.focus({ preventScroll: true });
      table.hidden = true;
      const [title, text] = wordsOf(state, search);
      place.replaceChildren(element("strong", { textContent: title }), element("p", { textContent: text }));
      if (state === "idle" || search.words === "") return;
      place.append(element("button", { type: "button", textContent: "Show all", onclick: showAll }));
    },
  };
}
