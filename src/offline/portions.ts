// How many records are read or changed in one step where more need not be: a step holds others up.
export const portion = 400;

/** Cuts a list into the portions that are read or changed in one step each. */
export function* portions<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += portion) yield items.slice(at, at + portion);
}
