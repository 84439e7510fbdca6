import type { Store } from "shelflife";
import { shelf, type Outcome } from "./shelf.ts";

/** Values that fill an origin, of which only a sum each is kept to tell whether they are intact. */
export interface Filling {
  readonly sums: Map<string, number>;
  /** Writes values of a size under a name and a number until the origin refuses one, or two hundred are written. */
  fill(size: number, name: string, options?: object): Promise<{ count: number; refused?: Outcome }>;
  /** Resolves with "intact", or the first key whose value is not what was written. */
  isIntact(): Promise<string>;
}

const sum = (value: Uint8Array): number => value.reduce((sum, byte) => (sum * 31 + byte) % 1_000_003, 0);

export function filling(store: Store): Filling {
  const sums = new Map<string, number>();
  return {
    sums,
    async fill(size, name, options) {
      for (let count = 0; count < 200; count++) {
        const key = `${name} ${count}`;
        const value = shelf.noise(size);
        const refused = await shelf.outcome(store.set(key, value, options));
        if (refused.code) return { count, refused };
        sums.set(key, sum(value));
      }
      return { count: Infinity };
    },
    async isIntact() {
      for (const [key, expected] of sums) if (sum(await store.get(key)) !== expected) return key;
      return "intact";
    },
  };
}
