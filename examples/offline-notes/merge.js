/**
 * Makes one note of two that came of the same one. An edit outlives a deletion. Throws where both changed the same place,
 * which is for a person to decide.
 */
export function mergeNotes(base = { title: "", text: "" }, mine, theirs) {
  if (!mine || !theirs) return mine ?? theirs;
  return {
    title: mergeText(base.title, mine.title, theirs.title),
    text: mergeText(base.text, mine.text, theirs.text),
    changedAt: Math.max(mine.changedAt, theirs.changedAt),
  };
}

function mergeText(base, mine, theirs) {
  if (mine === base || mine === theirs) return theirs;
  if (theirs === base) return mine;
  const [first, second] = [mine, theirs]
    .map((text) => ({ text, ...difference(base, text) }))
    .sort((a, b) => a.start - b.start);
  if (first.end >= second.start) throw new Error("Both changed the same place");
  return first.text.slice(0, first.textEnd) + base.slice(first.end, second.start) + second.text.slice(second.start);
}

/** Finds the part in which two texts differ: it begins at `start` in both, and ends at `end` and at `textEnd`. */
export function difference(base, text) {
  const most = Math.min(base.length, text.length);
  let start = 0;
  while (start < most && base[start] === text[start]) start++;
  let same = 0;
  while (same < most - start && base.at(-1 - same) === text.at(-1 - same)) same++;
  return { start, end: base.length - same, textEnd: text.length - same };
}
