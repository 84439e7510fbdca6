import { element } from "./element.js";
import { difference } from "./merge.js";
import { attempt, hush, say } from "./messages.js";
import { prefix } from "./store.js";
import { nameOf } from "./words.js";

const decode = (bytes) => bytes && JSON.parse(new TextDecoder().decode(bytes));

const about = {
  lost: "This note was changed in the same place here and somewhere else.",
  refused: "The server did not take what was written here.",
  uncertain: "It is not known whether the server has taken what was written here.",
};

/** The notes of which there are two versions, and the choice between them. */
export function createConflicts(store, notes, changed) {
  const place = document.querySelector("#conflict");
  let found = new Map();
  let shown;

  async function read() {
    await attempt(async () => {
      const next = new Map();
      for (const conflict of await store.conflicts()) {
        if (!conflict.key.startsWith(prefix)) continue;
        const id = conflict.key.slice(prefix.length);
        // The last of several says what was written last.
        next.set(id, { ...conflict, note: id, ids: [...(next.get(id)?.ids ?? []), conflict.id] });
      }
      const [isNew] = [...next.keys()].filter((id) => !found.has(id));
      found = next;
      if (isNew) say("A note has two versions", "Choose", () => void (location.hash = isNew));
    });
    changed();
  }

  async function keepMine({ note, mine }) {
    if (mine) await notes.set(note, { ...decode(mine), changedAt: Date.now() });
    else await notes.delete(note);
  }

  function choose(work) {
    const { ids } = shown;
    void attempt(async () => {
      await work(shown);
      await store.dismiss(ids);
      hush();
      await read();
      document.querySelector("#editor textarea").focus();
    });
  }

  document.querySelector("#keep-mine").addEventListener("click", () => choose(keepMine));
  // It is what the note is already.
  document.querySelector("#keep-theirs").addEventListener("click", () => choose(() => {}));

  /** Shows a version, with what the other has not got. */
  function version(one, other) {
    if (!one) return [element("p", { className: "none", textContent: "Deleted" })];
    return [
      element("h4", {}, ...marked(nameOf(one), other && nameOf(other))),
      element("p", {}, ...marked(one.text, other?.text)),
    ];
  }

  return {
    read,
    of: (id) => found.get(id),
    show(conflict) {
      place.hidden = !conflict;
      if (shown?.id === conflict?.id) return;
      shown = conflict;
      if (!conflict) return;
      const [mine, theirs] = [decode(conflict.mine), decode(conflict.theirs)];
      const why = conflict.error && conflict.kind === "refused" ? ` ${conflict.error.message}.` : "";
      document.querySelector("#conflict-about").textContent = about[conflict.kind] + why;
      // The fields give way to the question.
      if (document.activeElement.closest("#editor")) document.querySelector("#conflict-title").focus();
      document.querySelector("#mine").replaceChildren(...version(mine, theirs));
      document.querySelector("#theirs").replaceChildren(...version(theirs, mine));
    },
  };
}

function marked(text, other) {
  if (other === undefined) return [text];
  const { start, textEnd } = difference(other, text);
  if (start >= textEnd) return [text];
  return [text.slice(0, start), element("mark", { textContent: text.slice(start, textEnd) }), text.slice(textEnd)];
}
