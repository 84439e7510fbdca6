import { acceptDrops } from "./drop.js";
import { argumentOf, setProblem } from "./field.js";
import { createFiles } from "./files.js";
import { formatSize, showKey } from "./format.js";
import { createJsonCheck } from "./jsonCheck.js";
import { checkJson, compact, problemOf } from "./jsonText.js";
import { createLifetime } from "./lifetime.js";
import { attempt, say, showError } from "./messages.js";
import { sample } from "./samples.js";

/**
 * The form that puts text, JSON and files, the page as a place to drop files on, and the samples. `changed` gets what was
 * put, for the case that the store cannot report it.
 */
export function createPut(session, { changed, reveal }) {
  const form = document.querySelector("#put");
  const { key, value } = form.elements;
  const button = form.querySelector(".primary");
  const lifetime = createLifetime(form);
  const files = createFiles(session, { form, lifetime, changed });
  const kind = () => form.elements.kind.value;
  const isJson = () => kind() === "json";
  const stored = () => (isJson() && !problemOf(value.value) ? compact(value.value) : value.value);
  const showCheck = createJsonCheck(value, { isJson, stored });
  const problems = {
    key: (words) => setProblem(key, words),
    value: (words) => setProblem(value, words),
    ttl: lifetime.setProblem,
  };
  const clearProblems = () => Object.values(problems).forEach((set) => set(""));

  function showKind() {
    for (const part of form.querySelectorAll("[data-for]")) part.hidden = !part.dataset.for.includes(kind());
    const isFiles = kind() === "files";
    document.querySelector("#put-key-label").textContent = isFiles ? "Key prefix (optional)" : "Key";
    key.placeholder = isFiles ? "photos/" : isJson() ? "settings" : "greeting";
    value.placeholder = isJson() ? '{ "theme": "dark" }' : "Hello";
    clearProblems();
    showCheck();
    if (isFiles) return files.show();
    button.textContent = "Put";
    button.removeAttribute("aria-disabled");
  }

  async function putText() {
    const name = key.value;
    const { ttl, words } = lifetime;
    if (isJson()) checkJson(value.value, name);
    const bytes = new TextEncoder().encode(stored());
    await session.store.set(name, bytes, { ttl });
    changed({ type: "set", key: name });
    say(`Stored ${showKey(name)} ${words}, ${formatSize(bytes.length)}`);
    key.value = value.value = "";
    showCheck();
    key.focus();
  }

  async function putSamples() {
    const { store } = session;
    let batch = 1;
    const folder = () => `sample/${String(batch).padStart(2, "0")}/`;
    while ((await store.list({ prefix: folder(), limit: 1 })).entries.length) batch++;
    const name = (index) => folder() + String(index + 1).padStart(4, "0");
    await store.setMany(Array.from({ length: 1000 }, (_, index) => [name(index), ...sample(batch, index)]));
    for (let index = 0; index < 1000; index++) changed({ type: "set", key: name(index) });
    say(`Stored 1,000 samples under ${folder()}`);
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearProblems();
    const work = kind() === "files" ? files.put() : putText();
    work.catch((error) => (problems[argumentOf(error)] ?? (() => showError(error)))(error.message));
  });
  value.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  for (const input of form.elements.kind) input.addEventListener("change", showKind);
  document.querySelector("#samples").addEventListener("click", () => void attempt(putSamples));
  acceptDrops((list) => {
    form.elements.kind.value = "files";
    showKind();
    reveal();
    files.choose(list);
  }, "Drop to choose a key and a lifetime");
  showKind();
}
