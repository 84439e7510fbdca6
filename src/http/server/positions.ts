import { check } from "../../core/error.ts";
import { isSealed } from "./seal.ts";
import { decipher, encipher } from "./xtea.ts";

/** Gives positions of a log names that show nothing of them: not where they are, how far apart, or whether they are the same. */
export interface Positions {
  name(at: number): string;
  /** Returns the position that a name stands for; nothing for a name of another log. */
  find(name: string): number | undefined;
}

const pattern = /^([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})-([\da-f]{1,16})$/;

/** Returns an id of a change, of whichever log; throws `invalid-argument` for what is none. */
export function checkId(id: string): string {
  check(pattern.test(id) || isSealed(id), "event id", "the id of an event", id);
  return id;
}

/**
 * Returns names for the positions of one log. They are encrypted, each with a number of its own before it, since whoever sees
 * a part of a store would else learn from their own ids how much happens in the rest of it.
 */
export function createPositions(): Positions {
  // Nobody can know from a place of one log where it would be in another.
  const epoch = crypto.randomUUID();
  const key = crypto.getRandomValues(new Uint32Array(4));
  let count = 0;
  return {
    name(at) {
      // A block is 24 bits of a count and 40 of the position.
      count = (count + 1) % 2 ** 24;
      const block = encipher(key, count * 256 + Math.floor(at / 2 ** 32), at % 2 ** 32);
      return `${epoch}-${block.map((half) => half.toString(16).padStart(8, "0")).join("")}`;
    },
    find(name) {
      const [, log, block] = pattern.exec(name) ?? [];
      if (log !== epoch || block!.length < 16) return undefined;
      const [high, low] = decipher(key, parseInt(block!.slice(0, 8), 16), parseInt(block!.slice(8), 16));
      return (high % 256) * 2 ** 32 + low;
    },
  };
}
