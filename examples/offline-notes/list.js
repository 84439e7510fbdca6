import { element } from "./element.js";
import { nameOf, showTime } from "./words.js";

/** The list of notes, the last changed first. */
export function createList() {
  const place = document.querySelector("#list");
  const empty = document.querySelector("#empty");
  const search = document.querySelector("#search");
  const lines = new Map();
  // A note that is to have the focus as soon as it is in the list.
  let awaited;

  function createLine(id) {
    const parts = { name: element("strong"), time: element("time"), text: element("span", { className: "preview" }) };
    const badge = element("em", { textContent: "Two versions" });
    const link = element("a", { href: `#${id}` }, parts.name, parts.time, parts.text, badge);
    return { item: element("li", {}, link), link, badge, ...parts };
  }

  function fill(line, note, isOpen, isInConflict) {
    const name = nameOf(note);
    line.name.textContent = name;
    line.time.textContent = showTime(note.changedAt);
    // What is the name already is not said twice.
    const text = note.title.trim() ? note.text : note.text.trim().split("\n").slice(1).join("\n");
    line.text.textContent = text.trim().slice(0, 120) || "No more text";
    line.badge.hidden = !isInConflict;
    if (isOpen) line.link.setAttribute("aria-current", "true");
    else line.link.removeAttribute("aria-current");
  }

  function showEmpty(isWanted, isReady) {
    empty.hidden = !isWanted;
    const [title, text] = search.value
      ? ["No such note", "No note contains what you search for."]
      : isReady
        ? ["No notes yet", "Write the first one, with a network or without."]
        : ["Not loaded yet", "This device has not reached the server so far. Your notes appear as soon as it does."];
    empty.querySelector("strong").textContent = title;
    empty.querySelector("p").textContent = text;
  }

  place.addEventListener("keydown", (event) => {
    const links = [...place.querySelectorAll("a")];
    const at = links.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: links.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    links[to]?.focus();
  });

  return {
    /** Whether it is known which notes there are. */
    isReady: false,
    show(notes, openId, conflicts) {
      const words = search.value.toLowerCase();
      const found = [...notes]
        .filter(([, { title, text }]) => `${title}\n${text}`.toLowerCase().includes(words))
        .sort(([, a], [, b]) => b.changedAt - a.changedAt);
      let focused = document.activeElement;
      for (const [id, { item }] of lines) {
        if (found.some(([key]) => key === id)) continue;
        // The focus goes on to the next note.
        if (item.contains(focused)) focused = (item.nextElementSibling ?? item.previousElementSibling)?.firstChild;
        item.remove();
        lines.delete(id);
      }
      found.forEach(([id, note], index) => {
        if (!lines.has(id)) lines.set(id, createLine(id));
        const line = lines.get(id);
        fill(line, note, id === openId, !!conflicts.of(id));
        if (place.children[index] !== line.item) place.insertBefore(line.item, place.children[index] ?? null);
      });
      // What is moved or removed loses the focus.
      if (!focused) document.querySelector("#new").focus();
      else if (place.contains(focused)) focused.focus();
      else if (focused === document.querySelector("#new") && lines.has(awaited)) this.focus(awaited);
      showEmpty(!found.length, this.isReady);
    },
    focus(id) {
      awaited = lines.has(id) ? undefined : id;
      (lines.get(id)?.link ?? document.querySelector("#new")).focus();
    },
  };
}
