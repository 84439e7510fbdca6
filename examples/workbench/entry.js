import { StoreError } from "../../dist/shelflife.min.js";
import { formatLeft, formatSize, showDate, showKey } from "./format.js";
import { createLifetime } from "./lifetime.js";
import { attempt, follow, say } from "./messages.js";
import { hexTable, sniff } from "./sniff.js";

const mostShown = 4096;

/** The dialog in which one looks at an entry, edits, extends and deletes it. `changed` is told of what was written. */
export function createEntry(session, { remove, changed }) {
  const dialog = document.querySelector("#entry");
  const about = document.querySelector("#entry-about");
  const note = document.querySelector("#entry-note");
  const view = document.querySelector("#entry-view");
  const download = document.querySelector("#entry-download");
  const edit = document.querySelector("#entry-edit");
  const extend = document.querySelector("#entry-extend");
  const text = edit.elements.value;
  const lifetime = createLifetime(extend);
  let key;
  let entry;
  let type;
  let url;
  let timer;
  let cameFrom;

  const isEdited = () => type?.text !== undefined && text.value !== shownText();
  const shownText = () => normal(type.text);

  async function open(wanted, { extend: isExtending = false } = {}) {
    const found = await session.store.entry(wanted);
    if (!found) return say(`${showKey(wanted)} is no longer there`);
    key = wanted;
    cameFrom = document.activeElement;
    document.querySelector("#entry-key").textContent = showKey(key);
    show(found);
    dialog.showModal();
    follow();
    if (isExtending) lifetime.focus();
    else if (type.text === undefined) download.focus();
    else text.focus();
    text.setSelectionRange(0, 0);
  }

  function show(found) {
    entry = found;
    setGone(!found);
    if (!found) return;
    type = sniff(found.value);
    setNote("");
    showView();
    edit.hidden = type.text === undefined;
    edit.elements.as.value = type.kind === "JSON" ? "json" : "text";
    if (type.text !== undefined) text.value = type.text;
    showFormat();
    showLeft();
  }

  function showFormat() {
    document.querySelector("#entry-format").hidden = edit.elements.as.value !== "json";
  }

  function showView() {
    URL.revokeObjectURL(url);
    url = URL.createObjectURL(new Blob([entry.value], { type: type.mime }));
    download.href = url;
    download.download = key.split("/").at(-1) || "value";
    view.replaceChildren();
    if (type.kind === "image") {
      view.append(Object.assign(document.createElement("img"), { src: url, alt: `The image ${showKey(key)}` }));
    } else if (type.kind === "binary") {
      const rest = entry.value.length - mostShown;
      const table = Object.assign(document.createElement("pre"), { tabIndex: 0 });
      table.textContent =
        hexTable(entry.value.subarray(0, mostShown)) + (rest > 0 ? `\n… and ${formatSize(rest)}` : "");
      table.setAttribute("aria-label", "The bytes");
      view.append(table);
    }
  }

  function showLeft() {
    clearTimeout(timer);
    if (!entry) return;
    const ms = entry.expiresAt - Date.now();
    if (ms <= 0) return void check();
    const left = ms === Infinity ? "never expires" : `expires in ${formatLeft(ms)}`;
    about.textContent = `${type.kind} · ${formatSize(entry.value.length)} · ${left}`;
    about.title = showDate(entry.expiresAt);
    if (ms < Infinity) timer = setTimeout(showLeft, Math.min(ms, 200));
  }

  function setNote(words, button) {
    note.replaceChildren(words, ...(button ? [button] : []));
    note.hidden = !words;
  }

  function setGone(isGone) {
    for (const one of dialog.querySelectorAll("#entry-edit button, #entry-extend button, #entry-delete")) {
      one.setAttribute("aria-disabled", String(isGone));
    }
    if (isGone) {
      clearTimeout(timer);
      about.textContent = "no longer in the store";
      setNote("This entry has expired or was deleted. What you see is what it was.");
    }
  }

  /** Reads the entry again, and shows it unless that would throw away what is being typed. */
  async function check() {
    const found = await session.store.entry(key);
    if (!dialog.open) return;
    if (found && entry && isEdited() && !sameBytes(found.value, entry.value)) {
      const load = Object.assign(document.createElement("button"), { type: "button", textContent: "Show it" });
      load.onclick = () => {
        show(found);
        text.focus();
      };
      return setNote("Another value was stored meanwhile. ", load);
    }
    if (found && entry && sameBytes(found.value, entry.value)) {
      entry = found;
      showLeft();
    } else show(found);
  }

  async function save() {
    if (!entry) return;
    const words = isEdited() ? restore(text.value, type.text) : type.text;
    if (edit.elements.as.value === "json") parse(words, key);
    const next = new TextEncoder().encode(words);
    // Without a ttl the deadline stays; with the old value at hand, nobody else's is overwritten.
    if (!(await session.store.compareAndSet(key, entry.value, next))) {
      await check();
      throw new StoreError("conflict", `Did not save ${showKey(key)}: expected the value that you began to edit`, {
        key,
      });
    }
    changed({ type: "set", key });
    dialog.close();
    say(`Saved ${showKey(key)}, ${formatSize(next.length)}`);
  }

  async function prolong() {
    if (!entry) return;
    if (!(await session.store.touch(key, { ttl: lifetime.ttl }))) return show(undefined);
    entry = (await session.store.entry(key)) ?? entry;
    showLeft();
    changed({ type: "set", key });
    say(`${showKey(key)} is kept ${lifetime.words}`);
  }

  edit.addEventListener("submit", async (event) => {
    event.preventDefault();
    text.removeAttribute("aria-invalid");
    if (await attempt(save)) return;
    text.setAttribute("aria-invalid", "true");
    text.focus();
  });
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) edit.requestSubmit();
  });
  document
    .querySelector("#entry-format")
    .addEventListener("click", () => attempt(() => (text.value = JSON.stringify(parse(text.value, key), null, 2))));
  for (const input of edit.elements.as) input.addEventListener("change", showFormat);
  extend.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!(await attempt(prolong))) lifetime.focus();
  });
  document.querySelector("#entry-delete").addEventListener("click", () => {
    if (!entry) return;
    dialog.close();
    void attempt(() => remove({ key, expiresAt: entry.expiresAt }));
  });
  dialog.addEventListener("close", () => {
    clearTimeout(timer);
    follow();
    text.removeAttribute("aria-invalid");
    if (cameFrom?.isConnected) cameFrom.focus();
    else document.querySelector("#list").focus();
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

function parse(text, key) {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new StoreError("cant-encode", `The value is not JSON: ${cause.message}`, { cause, key });
  }
}

const sameBytes = (one, other) => one.length === other.length && one.every((byte, index) => byte === other[index]);

// A text area knows line feeds only. A text that had another kind of line break throughout gets it back.
const normal = (text) => text.replace(/\r\n?/g, "\n");
function restore(edited, original) {
  const breaks = new Set(original.match(/\r\n?|\n/g));
  return breaks.size === 1 ? edited.replaceAll("\n", [...breaks][0]) : edited;
}
