import { createConflicts } from "./conflicts.js";
import { createEditor } from "./editor.js";
import { createList } from "./list.js";
import { attempt, say } from "./messages.js";
import { createNetwork } from "./network.js";
import { openNotes } from "./store.js";
import { describe, nameOf } from "./words.js";

// One browser can be several devices: each name is a database of its own.
const device = (new URLSearchParams(location.search).get("device") ?? "").replace(/\W/g, "");
const find = (id) => document.querySelector(`#${id}`);
const main = document.querySelector("main");
const network = createNetwork(device, () => showStatus());
const { store, notes } = openNotes({ device, fetch: network.fetch, onConflict: () => void conflicts.read() });
const list = createList();
const editor = createEditor(notes, () => void read());
const conflicts = createConflicts(store, notes, show);
/** What is stored, by id, and how many strokes of the editor are in that. */
let all = new Map();
let strokes = 0;
let arrivedAt;

const openId = () => decodeURIComponent(location.hash.slice(1));

/** Shows what is known now. */
function show() {
  const id = openId();
  const conflict = conflicts.of(id);
  list.show(all, id, conflicts);
  find("welcome").hidden = id !== "";
  conflicts.show(conflict);
  editor.show(id, all.get(id), strokes, id !== "" && !conflict);
  document.body.classList.toggle("is-open", id !== "");
  document.title = id && all.has(id) ? `${nameOf(all.get(id))} – Notes` : "Offline notes";
}

let reading;
let isStale = false;
/** Reads all notes, and once more if something has changed meanwhile. */
function read() {
  isStale = true;
  reading ??= (async () => {
    while (isStale) {
      isStale = false;
      await attempt(async () => {
        const found = new Map();
        const { done } = editor;
        for await (const { key, value } of notes.entries()) found.set(key, value);
        all = found;
        strokes = done;
        list.isReady = true;
      });
    }
    reading = undefined;
    show();
  })();
  return reading;
}

function showStatus() {
  const status = store.status();
  // The browser and the switch know at once what the store finds out by trying.
  const online = status.online && navigator.onLine && !network.isCut;
  const [look, words] = describe({ ...status, online }, network.isCut);
  const line = find("status");
  if (line.textContent !== words) line.textContent = words;
  line.dataset.look = look;
  find("cut").checked = network.isCut;
}

/** Asks the browser to wake the service worker when there is a network, should this page be gone by then. */
async function askForSync() {
  const { sync } = (await navigator.serviceWorker?.ready) ?? {};
  await sync?.register(`notes/${device}`);
}

async function followStatus() {
  let [conflictsBefore, waitedBefore] = [0, false];
  for await (const { conflicts: count, online, pending } of store.statuses()) {
    showStatus();
    const waits = !online && pending > 0 && !network.isCut;
    if (waits && !waitedBefore) askForSync().catch(() => {});
    if (count !== conflictsBefore) void conflicts.read();
    [conflictsBefore, waitedBefore] = [count, waits];
  }
}

async function followNotes() {
  const changes = notes.watch();
  void read();
  for await (const _ of changes) void read();
}

/** Leads from a note back to the list. */
function leave() {
  const id = openId();
  go("");
  list.focus(id);
}

/** Opens the note that the address names, and puts the focus where one goes on. */
function arrive() {
  const id = openId();
  if (id === arrivedAt) return;
  arrivedAt = id;
  show();
  if (!id) return;
  if (conflicts.of(id)) find("conflict-title").focus();
  else if (!all.has(id)) editor.focus("title");
  // A keyboard on the screen would cover what is to be read first.
  else if (matchMedia("(hover: hover)").matches) editor.focus("text");
  else main.focus();
}

function go(id) {
  location.hash = id;
  // What is typed at once is not to get lost.
  arrive();
}

find("new").addEventListener("click", () => go(crypto.randomUUID()));
find("search").addEventListener("input", show);
find("cut").addEventListener("change", ({ target }) => {
  network.cut(target.checked);
  // It looks again by itself, but not as soon as whoever has used the switch expects it.
  store.sync().catch(showStatus);
});
find("delete").addEventListener("click", () => {
  const id = openId();
  const note = all.get(id);
  leave();
  void attempt(async () => {
    if (!note) return;
    await notes.delete(id);
    say(`Deleted “${nameOf(note)}”`, "Undo", async () => {
      await notes.set(id, note);
      go(id);
    });
  });
});
addEventListener("hashchange", arrive);
main.addEventListener("keydown", ({ key }) => key === "Escape" && leave());

addEventListener("online", showStatus);
addEventListener("offline", showStatus);

find("device").textContent = device && `on ${device}`;
find("other").href = device ? "./" : "?device=phone";
show();
void attempt(followNotes);
void attempt(followStatus);
// Without a service worker all but the start of the page works offline.
navigator.serviceWorker?.register("worker.js", { type: "module" }).catch(() => {});
