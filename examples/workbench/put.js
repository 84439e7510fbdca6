import { json, StoreError } from "../../dist/shelflife.min.js";
import { formatSize, showKey } from "./format.js";
import { createLifetime } from "./lifetime.js";
import { attempt, say, showError } from "./messages.js";
import { sample } from "./samples.js";

/**
 * The form that puts text, JSON and files, the page as a place to drop files on, and the samples. `changed` gets what was
 * put, for the case that the store cannot report it.
 */
export function createPut(session, changed) {
  const form = document.querySelector("#put");
  const { key, value, files } = form.elements;
  const lifetime = createLifetime(form);
  const kind = () => form.elements.kind.value;

  function showKind() {
    for (const part of form.querySelectorAll("[data-for]")) part.hidden = !part.dataset.for.includes(kind());
    const isFiles = kind() === "files";
    document.querySelector("#put-key-label").textContent = isFiles ? "Key prefix (optional)" : "Key";
    key.placeholder = isFiles ? "photos/" : kind() === "json" ? "settings" : "greeting";
    value.placeholder = kind() === "json" ? '{ "theme": "dark" }' : "Hello";
    setInvalid();
  }

  function setInvalid(field) {
    for (const one of [key, value]) one.toggleAttribute("aria-invalid", false);
    if (!field) return;
    field.setAttribute("aria-invalid", "true");
    field.focus();
  }

  async function putText() {
    const options = { ttl: lifetime.ttl };
    const name = key.value;
    const bytes = new TextEncoder().encode(value.value);
    if (kind() === "json") await json(session.store).set(name, parse(value.value), options);
    else await session.store.set(name, bytes, options);
    changed({ type: "set", key: name });
    say(`Stored ${showKey(name)} ${lifetime.words}, ${formatSize(bytes.length)}`);
    key.value = value.value = "";
    key.focus();
  }

  /** Puts files under their names, one after the other, so that one that fails leaves the others be. */
  async function putFiles(list) {
    const prefix = kind() === "files" ? key.value : "";
    const { ttl, words } = lifetime;
    let count = 0;
    for (const file of list) {
      const isStored = await attempt(async () => {
        const name = prefix + file.name;
        await session.store.set(name, await read(file), { ttl });
        changed({ type: "set", key: name });
        say(`Stored ${showKey(name)} ${words}, ${formatSize(file.size)}`);
      });
      if (isStored) count++;
    }
    if (count > 1) say(`Stored ${count} files ${words}`);
  }

  async function putSamples() {
    const { store } = session;
    let batch = 1;
    const folder = () => `sample/${String(batch).padStart(2, "0")}/`;
    while ((await store.list({ prefix: folder(), limit: 1 })).entries.length) batch++;
    const name = (index) => folder() + String(index + 1).padStart(4, "0");
    await store.setMany(Array.from({ length: 1000 }, (_, index) => [name(index), ...sample(batch, index)]));
    changed({ type: "set", key: name(0) });
    say(`Stored 1,000 samples under ${folder()}`);
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    setInvalid();
    putText().catch((error) => {
      showError(error);
      if (error.message.startsWith("Invalid ttl")) lifetime.focus();
      else setInvalid(error.code === "cant-encode" ? value : key);
    });
  });
  value.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  for (const input of form.elements.kind) input.addEventListener("change", showKind);
  files.addEventListener("change", async () => {
    await putFiles([...files.files]);
    files.value = "";
  });
  document.querySelector("#samples").addEventListener("click", () => void attempt(putSamples));
  acceptDrops(
    (list) => void putFiles(list),
    () => `Drop to put files under their names ${lifetime.words}`,
  );
  showKind();
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new StoreError("cant-encode", `The value is not JSON: ${cause.message}`, { cause });
  }
}

async function read(file) {
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch (cause) {
    throw new StoreError("unavailable", `Cannot read "${file.name}": expected a file`, { cause });
  }
}

/** Takes files that are dropped anywhere, and says so while they hover. */
function acceptDrops(take, words) {
  const target = document.querySelector("#drop-target");
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  let depth = 0;
  const show = (isOver) => {
    depth = isOver ? depth : 0;
    target.hidden = !isOver;
  };
  addEventListener("dragenter", (event) => {
    if (!hasFiles(event) || document.querySelector("dialog[open]")) return;
    depth++;
    target.firstElementChild.textContent = words();
    show(true);
  });
  addEventListener("dragleave", (event) => {
    if (hasFiles(event) && --depth <= 0) show(false);
  });
  addEventListener("dragover", (event) => {
    if (hasFiles(event)) event.preventDefault();
  });
  addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    show(false);
    if (!document.querySelector("dialog[open]")) take([...event.dataTransfer.files]);
  });
}
