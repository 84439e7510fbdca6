import { formatSize } from "./format.js";

const count = (number, one, many) => `${number.toLocaleString("en")} ${number === 1 ? one : many}`;

/** Counts entries in words. */
export const countEntries = (number) => count(number, "entry", "entries");

/** The words that say how many entries there are, how many were found, and whether all of them are listed already. */
export function createCounter(listing) {
  const place = document.querySelector("#count");
  const progress = document.querySelector("#listing");
  const words = document.querySelector("#listing-words");
  const button = document.querySelector("#listing-button");
  const voice = document.querySelector("#count-voice");
  let heard = "";

  button.addEventListener("click", () => {
    if (listing.state === "reading") listing.stop();
    else void listing.goOn();
  });

  function describeProgress(found, isSearched) {
    const listed = countEntries(listing.entries.size);
    if (listing.isFull) return `The first ${listed} are listed. Search for a prefix to see others.`;
    const what = isSearched ? `${count(found, "key", "keys")} found in ${listed}` : `${listed} listed`;
    return listing.state === "reading" ? `${what} so far…` : `${what}; more follow.`;
  }

  return {
    show(found, isSearched) {
      const { state, entries, prefix } = listing;
      const isComplete = state === "complete";
      let bytes = 0;
      for (const { size } of found) bytes += size ?? 0;
      const some = isComplete && prefix === "" ? ` of ${countEntries(entries.size)}` : " found";
      const total = isSearched ? `${found.length.toLocaleString("en")}${some}` : countEntries(found.length);
      const more = isComplete || state === "idle" ? "" : "+";
      place.textContent = state === "idle" ? "" : `${total}${more}${bytes ? `, ${formatSize(bytes)}` : ""}`;
      // What is there in a moment is not worth a word.
      progress.hidden = isComplete || state === "idle" || (state === "reading" && entries.size < 2000);
      words.textContent = describeProgress(found.length, isSearched);
      button.textContent = state === "reading" ? "Stop" : "Go on";
      button.hidden = listing.isFull;
      if (!isComplete || !isSearched || heard === place.textContent) return;
      heard = place.textContent;
      voice.textContent = `${heard}, listed`;
    },
  };
}
