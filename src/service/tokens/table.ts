import type { TokenLine } from "./line.ts";

/** Returns what finds the line of a hash of a token. It takes as long for each, so that its time gives nothing away. */
export function createTable(lines: readonly TokenLine[]): (sha256: string) => TokenLine | undefined {
  const words = new Int32Array(lines.flatMap(({ sha256 }) => wordsOf(sha256)));
  return (sha256) => lines[search(words, wordsOf(sha256))];
}

/** Returns a hash in hex as 32-bit words. */
export function wordsOf(sha256: string): number[] {
  return Array.from({ length: 8 }, (_, index) => parseInt(sha256.slice(index * 8, index * 8 + 8), 16) | 0);
}

/** Returns the number of a hash among others, or -1. It takes as long for each, and goes on when it has found it. */
export function search(words: Int32Array, hash: readonly number[]): number {
  let found = 0;
  for (let at = 0; at < words.length; at += 8) {
    let difference = 0;
    for (let word = 0; word < 8; word++) difference |= words[at + word]! ^ hash[word]!;
    // All ones where there is no difference, else all zeros: no branch gives it away.
    const isEqual = ~((difference | -difference) >> 31);
    found |= isEqual & (at / 8 + 1);
  }
  return found - 1;
}
