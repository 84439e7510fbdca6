/** Returns the name that somebody may have meant, if one is near enough. */
export function nearest(given: string, names: Iterable<string>): string | undefined {
  let best: string | undefined;
  // A third of it may be wrong.
  let least = Math.max(1, Math.floor(given.length / 3)) + 1;
  for (const name of names) {
    // Two names of the same start are no mistake of the fingers, but one that was cut short is meant.
    const distance = name !== given && name.startsWith(given) && given.length > 1 ? 1 : countEdits(given, name);
    if (distance >= least) continue;
    least = distance;
    best = name;
  }
  return best;
}

/** Returns the end of a message that asks for the name that may have been meant, or nothing. */
export function suggest(given: string, names: Iterable<string>): string {
  const name = nearest(given.toLowerCase(), names);
  return name === undefined ? "" : ` (did you mean ${JSON.stringify(name)}?)`;
}

/** How many letters have to be put in, taken out, replaced or exchanged with the next one. */
function countEdits(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const next = [row];
    for (let column = 1; column <= b.length; column++) {
      const isSame = a[row - 1] === b[column - 1];
      let edits = Math.min(last[column]! + 1, next[column - 1]! + 1, last[column - 1]! + (isSame ? 0 : 1));
      const isExchanged = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (isExchanged) edits = Math.min(edits, before[column - 2]! + 1);
      next.push(edits);
    }
    before = last;
    last = next;
  }
  return last[b.length]!;
}
