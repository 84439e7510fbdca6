import { formatLeft, formatSize, showDate } from "./format.js";

/** The line that says what an entry is and how long it still lives. `onDeadline` is called when it should be gone, `onTick` until then. */
export function createAbout({ onDeadline, onTick }) {
  const about = document.querySelector("#entry-about");
  let timer;

  function show(entry, type) {
    clearTimeout(timer);
    const ms = entry.expiresAt - Date.now();
    if (ms <= 0) return void onDeadline();
    const left = ms === Infinity ? "never expires" : `expires in ${formatLeft(ms)}`;
    about.textContent = `${type.kind} · ${formatSize(entry.value.length)} · ${left}`;
    about.title = showDate(entry.expiresAt);
    onTick(entry);
    timer = setTimeout(() => show(entry, type), Math.min(ms, 200));
  }

  return {
    show,
    showGone() {
      clearTimeout(timer);
      about.textContent = "no longer in the store";
    },
    /** Counts no further. */
    stop: () => clearTimeout(timer),
  };
}
