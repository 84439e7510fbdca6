import { say } from "./messages.js";

/** The buttons that turn the pages, and the words that say which one is shown. */
export function createPager(pages, read) {
  const previous = document.querySelector("#previous");
  const next = document.querySelector("#next");
  const range = document.querySelector("#range");

  async function turn(button, how) {
    if (button.getAttribute("aria-disabled") === "true") return;
    how();
    await read();
    document.querySelector("#list").scrollTo({ top: 0 });
    say(`Showing ${range.textContent || "no entries"}`);
  }

  function nameRange(count) {
    if (!pages.hasPrevious && !pages.hasNext) return count === 1 ? "1 entry" : `${count} entries`;
    return `${pages.first}–${pages.first + count - 1}${pages.hasNext ? ", more follow" : ""}`;
  }

  previous.addEventListener("click", () => turn(previous, pages.previous));
  next.addEventListener("click", () => turn(next, pages.next));

  return {
    /** Shows which part of all a page of so many entries is. */
    show(count) {
      range.textContent = count ? nameRange(count) : "";
      // Not `disabled`, which would take the focus away from under a finger.
      previous.setAttribute("aria-disabled", String(!pages.hasPrevious));
      next.setAttribute("aria-disabled", String(!pages.hasNext));
    },
  };
}
