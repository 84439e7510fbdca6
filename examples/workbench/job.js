import { attempt, say } from "./messages.js";

/** What takes a while: its progress, and a button that ends it. One at a time. */
export function createJob() {
  const place = document.querySelector("#job");
  const words = document.querySelector("#job-words");
  const bar = document.querySelector("#job-progress");
  const cancel = document.querySelector("#job-cancel");
  let stopper;
  let name;

  cancel.addEventListener("click", () => stopper?.abort());

  /** Shows how far it is, with how much there is if that is known. */
  function show(text, share) {
    words.textContent = text;
    if (share === undefined) bar.removeAttribute("value");
    else bar.value = share;
  }

  function end() {
    stopper = undefined;
    const hadFocus = place.contains(document.activeElement);
    place.hidden = true;
    if (hadFocus) document.querySelector("#list").focus();
  }

  return {
    /** Does it. `work` gets a signal, and what shows the progress; resolves with whether it was done to its end. */
    async run(title, work) {
      if (stopper) {
        say(`${name} goes on: cancel it, or wait for its end`);
        return false;
      }
      const mine = (stopper = new AbortController());
      name = title;
      show(`${title}…`);
      place.hidden = false;
      const isDone = await attempt(() => work({ signal: mine.signal, show }));
      end();
      return isDone && !mine.signal.aborted;
    },
  };
}
