import { StoreError } from "../../dist/shelflife.min.js";
import { element } from "./element.js";
import { argumentOf, setProblem } from "./field.js";
import { formatSize, showKey } from "./format.js";
import { say, showError } from "./messages.js";

/** The files that were chosen in the form: what each is to be called, and how far the putting of them has come. */
export function createFiles(session, { form, lifetime, changed }) {
  const list = document.querySelector("#chosen");
  const progress = document.querySelector("#progress");
  const [bar, words, stop] = progress.children;
  const button = form.querySelector(".primary");
  const { key: prefix, files: input } = form.elements;
  let chosen = [];
  let isPutting = false;
  let isStopped = false;

  const total = () => chosen.reduce((sum, { file }) => sum + file.size, 0);
  const count = (number) => (number === 1 ? "1 file" : `${number.toLocaleString("en")} files`);

  function show() {
    list.replaceChildren(...chosen.map(({ line }) => line));
    button.textContent = chosen.length ? `Put ${count(chosen.length)}, ${formatSize(total())}` : "Put files";
    // Not `disabled`, which would take the focus away.
    button.setAttribute("aria-disabled", String(!chosen.length || isPutting));
    progress.hidden = !isPutting;
    for (const { note } of chosen) note();
  }

  function add(file) {
    const line = element("li");
    const name = element("input", { type: "text", value: file.name, spellcheck: false, autocapitalize: "off" });
    name.setAttribute("aria-label", `Key of ${file.name}`);
    const size = element("span", { className: "size", textContent: formatSize(file.size) });
    const remove = element("button", { type: "button", className: "quiet", textContent: "✕" });
    remove.setAttribute("aria-label", `Leave out ${file.name}`);
    const hint = element("small", { hidden: true, textContent: "Replaces the entry of this key" });
    const one = { file, line, name, key: () => prefix.value + name.value, note };
    let asked = 0;
    /** Says whether there is an entry already that this one would replace. */
    async function note() {
      const mine = ++asked;
      const isThere = await session.store.has(one.key()).catch(() => false);
      if (mine === asked) hint.hidden = !isThere;
    }
    name.addEventListener("input", () => void note());
    remove.onclick = () => {
      const next = line.nextElementSibling ?? line.previousElementSibling;
      chosen = chosen.filter((other) => other !== one);
      show();
      (next?.querySelector("button") ?? input).focus();
    };
    line.append(name, size, remove, hint);
    chosen.push(one);
  }

  async function putOne({ file, name, key }, options) {
    try {
      const bytes = await read(file);
      await session.store.set(key(), bytes, options);
      changed({ type: "set", key: key() });
      say(`Stored ${showKey(key())} ${options.words}, ${formatSize(bytes.length)}`);
      return true;
    } catch (error) {
      if (argumentOf(error) === "key") setProblem(name, error.message);
      else if (argumentOf(error) === "ttl") lifetime.setProblem(error.message);
      else showError(error);
      return false;
    }
  }

  /** Puts one after the other. One that fails stays in the list, and leaves the others be. */
  async function put() {
    if (isPutting || !chosen.length) return;
    const { ttl, words: lasting } = lifetime;
    const waiting = [...chosen];
    const bytes = total();
    let done = 0;
    let stored = 0;
    isPutting = true;
    isStopped = false;
    bar.max = bytes || 1;
    for (const [index, one] of waiting.entries()) {
      if (isStopped || !chosen.includes(one)) continue;
      bar.value = done;
      words.textContent = `${index + 1} of ${count(waiting.length)}`;
      show();
      if (await putOne(one, { ttl, words: lasting })) {
        stored++;
        chosen = chosen.filter((other) => other !== one);
      }
      done += one.file.size;
    }
    isPutting = false;
    show();
    const left = waiting.filter((one) => chosen.includes(one)).length;
    if (stored > 1 || left) say(`Stored ${count(stored)} ${lasting}${left ? `, ${left} left` : ""}`);
    if (!left) input.focus();
  }

  input.addEventListener("change", () => {
    choose([...input.files]);
    input.value = "";
  });
  prefix.addEventListener("input", () => chosen.forEach(({ note }) => void note()));
  stop.addEventListener("click", () => (isStopped = true));

  function choose(files) {
    files.forEach(add);
    show();
    if (files.length) button.focus();
  }

  return { show, put, choose };
}

async function read(file) {
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch (cause) {
    throw new StoreError("unavailable", `Cannot read "${file.name}": expected a file`, { cause });
  }
}
