import { isStoreError } from "../../core/error.ts";

/** How many items a handler takes at once, unless it was made to take fewer. */
const usual = 10_000;

/**
 * Asks for something about many items in parts, one after the other, as large as a handler takes them, and resolves with the
 * sum of what came of each. A part that a handler refuses for its size is none of it done, and asked for in smaller ones.
 */
export async function inParts<Item>(
  items: readonly Item[],
  ask: (part: readonly Item[]) => Promise<number>,
  most: number = usual,
): Promise<number> {
  let sum = 0;
  for (let at = 0; at < items.length; at += most) {
    const part = items.slice(at, at + most);
    sum += await ask(part).catch((error) => {
      const fewer = fewerOf(error, part.length);
      if (!fewer) throw error;
      return inParts(part, ask, fewer);
    });
  }
  return sum;
}

/** Returns how many items may be taken where so many were not, or 0 if it was not for that. */
function fewerOf(error: unknown, count: number): number {
  if (isStoreError(error, "quota-exceeded")) return count >> 1;
  const [, most = 0] = (isStoreError(error, "invalid-argument") && /at most (\d+) items/.exec(error.message)) || [];
  return +most < count ? +most : 0;
}
