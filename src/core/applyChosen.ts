import { UNCHANGED, type Entry, type ManyDecision } from "./contract.ts";

/** Does what was decided of some entries, in the order of their keys: puts another one, or removes it. */
export function applyChosen<V>(
  keys: readonly string[],
  chosen: ReturnType<ManyDecision<V>>,
  put: (key: string, entry: Entry<V>) => void,
  remove: (key: string, index: number) => void,
): void {
  for (const [index, next] of chosen.entries()) {
    if (next === UNCHANGED) continue;
    if (next) put(keys[index]!, next);
    else remove(keys[index]!, index);
  }
}
