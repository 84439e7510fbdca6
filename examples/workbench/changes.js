import { element } from "./element.js";
import { showKey } from "./format.js";

const most = 200;

/** The log of changes, newest first. */
export function createLog() {
  const log = document.querySelector("#log");
  const live = document.querySelector("#live");
  const summary = document.querySelector("#log-summary");
  let waiting = [];
  let timer;
  let last;
  let unheard = 0;
  let voice;

  function line({ type, key, at }) {
    const item = element("li");
    const time = element("time", { textContent: at.toLocaleTimeString("en-GB") });
    const what = element("span", { textContent: type, className: `change ${type}` });
    const name = element("bdi", { textContent: showKey(key), title: key });
    item.append(time, what, name);
    return item;
  }

  /** Says what has changed to a screen reader: all of it in one sentence, and not more often than it can be heard. */
  function announce() {
    voice = undefined;
    summary.textContent = unheard === 1 ? `Change: ${last.type} ${showKey(last.key)}` : `${unheard} changes`;
    unheard = 0;
  }

  function flush() {
    last = waiting.at(-1);
    unheard += waiting.length;
    voice ??= setTimeout(announce, 1500);
    timer = undefined;
    log.prepend(...waiting.slice(-most).reverse().map(line));
    waiting = [];
    while (log.children.length > most) log.lastElementChild.remove();
  }

  document.querySelector("#log-clear").addEventListener("click", () => log.replaceChildren());
  return {
    add(change) {
      waiting.push({ ...change, at: new Date() });
      timer ??= setTimeout(flush, 50);
    },
    clear() {
      clearTimeout(timer);
      timer = undefined;
      waiting = [];
      log.replaceChildren();
    },
    /** Says whether changes arrive: "live", or why not. */
    setLive(state, reason = "") {
      live.textContent = state;
      live.dataset.state = state;
      live.title = reason;
    },
  };
}
