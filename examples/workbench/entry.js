import { StoreError } from "../../dist/shelflife.min.js";
import { element } from "./element.js";
import { createAbout } from "./entryAbout.js";
import { createEditor } from "./entryEditor.js";
import { createEntryLifetime } from "./entryLifetime.js";
import { createView } from "./entryView.js";
import { formatSize, showKey } from "./format.js";
import { attempt, follow, hush, say } from "./messages.js";
import { sniff } from "./sniff.js";

/** The dialog in which one looks at an entry, edits, extends and deletes it. `changed` gets what was written. */
export function createEntry(session, { remove, changed }) {
  const dialog = document.querySelector("#entry");
  const note = document.querySelector("#entry-note");
  const lifetime = createEntryLifetime(prolong);
  const about = createAbout({ onDeadline: check, onTick: lifetime.tick });
  const view = createView();
  const editor = createEditor(save);
  let key;
  let entry;
  let type;
  let cameFrom;

  async function open(wanted, { extend: isExtending = false } = {}) {
    const found = await session.store.entry(wanted);
    if (!found) return say(`${showKey(wanted)} is no longer there`);
    key = wanted;
    cameFrom = document.activeElement;
    document.querySelector("#entry-key").textContent = showKey(key);
    show(found);
    lifetime.show(found);
    dialog.showModal();
    hush();
    follow();
    (isExtending ? lifetime : type.text === undefined ? view : editor).focus();
    editor.toStart();
    await check(); // It may have gone while it was being read, when no change was listened for.
  }

  function show(found) {
    entry = found;
    setGone(!found);
    if (!found) return;
    type = sniff(found.value);
    setNote("");
    view.show(key, found.value, type);
    editor.show(key, type);
    about.show(found, type);
  }

  function setNote(words, button) {
    note.replaceChildren(words, ...(button ? [button] : []));
    note.hidden = !words;
  }

  function setGone(isGone) {
    for (const one of dialog.querySelectorAll("#entry-edit button, #entry-extend button, #entry-delete")) {
      one.setAttribute("aria-disabled", String(isGone));
    }
    if (!isGone) return;
    about.showGone();
    setNote("This entry has expired or was deleted. What you see is what it was.");
  }

  /** Reads the entry again, and shows it unless that would throw away what is being typed. */
  async function check() {
    const found = await session.store.entry(key);
    if (!dialog.open) return;
    const isSame = found && entry && sameBytes(found.value, entry.value);
    if (found && entry && editor.isEdited() && !isSame) {
      const load = element("button", { type: "button", textContent: "Show it" });
      load.onclick = () => {
        show(found);
        editor.focus();
      };
      return setNote("Another value was stored meanwhile. ", load);
    }
    if (isSame) {
      entry = found;
      about.show(entry, type);
    } else show(found);
  }

  async function save() {
    if (!entry) return;
    const next = new TextEncoder().encode(editor.read());
    // Without a ttl the deadline stays; with the old value at hand, nobody else's is overwritten.
    if (!(await session.store.compareAndSet(key, entry.value, next))) {
      await check();
      const message = `Did not save ${showKey(key)}: expected the value that you began to edit`;
      throw new StoreError("conflict", message, { key });
    }
    changed({ type: "set", key });
    dialog.close();
    say(`Saved ${showKey(key)}, ${formatSize(next.length)}`);
  }

  async function prolong({ ttl, words }) {
    if (!entry) return;
    if (!(await session.store.touch(key, { ttl }))) return show(undefined);
    entry = (await session.store.entry(key)) ?? entry;
    about.show(entry, type);
    changed({ type: "set", key });
    say(`${showKey(key)} is kept ${words}`);
  }

  document.querySelector("#entry-delete").addEventListener("click", () => {
    if (!entry) return;
    dialog.close();
    void attempt(() => remove({ key, expiresAt: entry.expiresAt }));
  });
  dialog.addEventListener("close", () => {
    about.stop();
    follow();
    editor.clearInvalid();
    (cameFrom?.isConnected ? cameFrom : document.querySelector("#list")).focus();
  });

  return {
    open: (wanted, options) => attempt(() => open(wanted, options)),
    changed(change) {
      if (!dialog.open || change.key !== key) return;
      if (change.type === "set") void attempt(check);
      else show(undefined);
    },
    close: () => dialog.close(),
  };
}

const sameBytes = (one, other) => one.length === other.length && one.every((byte, index) => byte === other[index]);
