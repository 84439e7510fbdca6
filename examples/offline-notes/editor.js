import { attempt } from "./messages.js";
import { difference } from "./merge.js";
import { showTime } from "./words.js";

/** The fields of a note. Each stroke is stored, and what others write appears around the cursor. */
export function createEditor(notes, stored) {
  const form = document.querySelector("#editor");
  const { title, text } = form.elements;
  const changed = document.querySelector("#changed");
  let id;
  // How many strokes have begun to be stored, and how many have been.
  let [begun, done] = [0, 0];

  async function store() {
    begun++;
    await attempt(() => notes.set(id, { title: title.value, text: text.value, changedAt: Date.now() }));
    done++;
    stored();
  }

  /** Changes only what differs, so that the cursor stays with the words beside it. */
  function put(field, value) {
    if (field.value === value) return;
    const { start, end, textEnd } = difference(field.value, value);
    field.setRangeText(value.slice(start, textEnd), start, end, "preserve");
  }

  form.addEventListener("input", () => void store());
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target !== title) return;
    event.preventDefault();
    text.focus();
  });

  return {
    /** How many strokes have been stored. */
    get done() {
      return done;
    },
    /** Shows a note, as it was after so many strokes, or an empty one that is stored with its first. */
    show(next, note, strokes, isWanted) {
      form.hidden = !isWanted;
      // What was typed since is newer.
      if (id === next && strokes !== begun) return;
      if (id === next) {
        put(title, note?.title ?? "");
        put(text, note?.text ?? "");
      } else {
        id = next;
        title.value = note?.title ?? "";
        text.value = note?.text ?? "";
      }
      changed.textContent = note ? `Changed ${showTime(note.changedAt)}` : "New note";
    },
    focus: (name) => form.elements[name].focus(),
  };
}
