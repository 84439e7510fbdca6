import { isStoreError } from "../../dist/shelflife.min.js";
import { element } from "./element.js";

const messages = document.querySelector("#messages");
const errors = document.querySelector("#errors");
const list = errors.querySelector("ul");
const status = document.querySelector("#status");
const undo = document.querySelector("#undo");
const most = 3;
// Long enough to read it twice: people read some fifteen characters a second.
const timeFor = (text) => 6000 + 60 * text.length;
const timers = new WeakMap();
let cameFrom;

/** Says what was done, and offers to take it back if there is a way. */
export function say(text, takeBack) {
  status.value = text;
  undo.hidden = !takeBack;
  undo.onclick = () => {
    undo.hidden = true;
    void attempt(takeBack);
  };
}

/** Forgets what was said, unless it can be taken back. */
export function hush() {
  if (undo.hidden) status.value = "";
}

/** Shows an error for as long as it takes to read it. The same one again is counted, not repeated. */
export function showError(error) {
  follow();
  const code = isStoreError(error) ? error.code : (error?.name ?? "Error");
  const text = error?.message ?? String(error);
  const same = [...list.children].find((item) => item.dataset.text === text);
  if (same) {
    same.dataset.count = Number(same.dataset.count ?? 1) + 1;
    same.querySelector(".count").textContent = ` (${same.dataset.count} times)`;
    return leaveLater(same);
  }
  const item = element("li");
  item.dataset.text = text;
  const words = element("span", { textContent: text });
  words.append(element("span", { className: "count" }));
  const button = element("button", { type: "button", className: "quiet", textContent: "Dismiss" });
  button.onclick = () => dismiss(item);
  item.append(element("code", { textContent: code }), words, button);
  list.append(item);
  if (list.children.length > most) list.firstElementChild.remove();
  leaveLater(item);
  uncover();
}

function dismiss(item) {
  const next = item.nextElementSibling ?? item.previousElementSibling;
  item.remove();
  const place = cameFrom?.isConnected ? cameFrom : document.querySelector("dialog[open] h2 + button, #list");
  (next?.querySelector("button") ?? place).focus();
}

/** Takes an error away when it has been there for long enough, and nobody is at it. */
function leaveLater(item) {
  clearTimeout(timers.get(item));
  const leave = () => (errors.matches(":hover, :focus-within") || document.hidden ? leaveLater(item) : item.remove());
  timers.set(item, setTimeout(leave, timeFor(item.dataset.text)));
}

const allLeaveLater = () => [...list.children].forEach(leaveLater);
errors.addEventListener("mouseleave", allLeaveLater);
errors.addEventListener("focusout", allLeaveLater);
errors.addEventListener("focusin", ({ relatedTarget }) => {
  if (relatedTarget && !messages.contains(relatedTarget)) cameFrom = relatedTarget;
});

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

/** Scrolls what has the focus out from under the messages, where these lie over a page that scrolls. */
function uncover() {
  const focused = document.activeElement;
  if (!focused || focused === document.body || messages.contains(focused)) return;
  const [{ bottom }, { top }] = [focused.getBoundingClientRect(), messages.getBoundingClientRect()];
  if (bottom > top) scrollBy({ top: bottom - top + 12, behavior: "instant" });
}

// The browser scrolls what gets the focus to where the messages do not cover it.
new ResizeObserver(() => {
  document.documentElement.style.setProperty("--messages", `${messages.offsetHeight}px`);
}).observe(messages);

errors.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  event.preventDefault();
  event.target.closest("li")?.querySelector("button").click();
});

if (/Mac|iPhone|iPad/.test(navigator.platform)) undo.querySelector("kbd").textContent = "⌘ Z";
// From anywhere but a text, which has an undo of its own.
addEventListener("keydown", (event) => {
  const isUndo = event.key === "z" && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey;
  if (!isUndo || undo.hidden || event.target.matches?.("input:not([type=radio], [type=checkbox]), textarea")) return;
  event.preventDefault();
  undo.click();
});
