import { isStoreError } from "../../dist/shelflife.min.js";
import { element } from "./element.js";

const errors = document.querySelector("#errors");
const status = document.querySelector("#status");
const undo = document.querySelector("#undo");
const messages = document.querySelector("#messages");
const most = 4;

/** Says what was done, and offers to take it back if there is a way. */
export function say(text, takeBack) {
  status.value = text;
  undo.hidden = !takeBack;
  undo.onclick = () => {
    undo.hidden = true;
    void attempt(takeBack);
  };
}

/** Shows an error until it is dismissed. The same one again is counted, not repeated. */
export function showError(error) {
  follow();
  const code = isStoreError(error) ? error.code : (error?.name ?? "Error");
  const text = error?.message ?? String(error);
  const same = [...errors.children].find((item) => item.dataset.text === text);
  if (same) {
    same.dataset.count = Number(same.dataset.count ?? 1) + 1;
    same.querySelector(".count").textContent = ` (${same.dataset.count} times)`;
    return;
  }
  const item = element("li");
  item.dataset.text = text;
  const name = element("code", { textContent: code });
  const words = element("span", { textContent: text });
  words.append(element("span", { className: "count" }));
  const button = element("button", { type: "button", textContent: "Dismiss" });
  button.onclick = () => {
    const next = item.nextElementSibling ?? item.previousElementSibling;
    item.remove();
    (next?.querySelector("button") ?? document.querySelector("dialog[open] h2 + button, #list")).focus();
  };
  item.append(name, words, button);
  errors.append(item);
  if (errors.children.length > most) errors.firstElementChild.remove();
}

/** Does something and shows the error if it fails; resolves with whether it went well. */
export async function attempt(work) {
  try {
    await work();
    return true;
  } catch (error) {
    // A store that was left behind has nothing more to say.
    if (error?.name !== "AbortError" && !isStoreError(error, "closed")) showError(error);
    return false;
  }
}

/** Moves the messages into the dialog that is open, outside of which nothing can be reached, or back. */
export function follow() {
  const place = document.querySelector("dialog[open]") ?? document.body;
  if (messages.parentElement !== place) place.append(messages);
}

errors.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  event.preventDefault();
  event.target.closest("li")?.querySelector("button").click();
});
