// XTEA (Needham and Wheeler, 1997), since WebCrypto can only answer later and an id is needed at once.
const rounds = 32;
const delta = 0x9e3779b9;

/** Encrypts a block of two times 32 bits. */
export function encipher(key: Uint32Array, high: number, low: number): [high: number, low: number] {
  for (let round = 0, sum = 0; round < rounds; round++) {
    high = (high + (mix(low) ^ (sum + key[sum & 3]!))) >>> 0;
    sum = (sum + delta) >>> 0;
    low = (low + (mix(high) ^ (sum + key[(sum >>> 11) & 3]!))) >>> 0;
  }
  return [high, low];
}

/** Decrypts what `encipher` has made of a block. */
export function decipher(key: Uint32Array, high: number, low: number): [high: number, low: number] {
  for (let round = 0, sum = Math.imul(delta, rounds) >>> 0; round < rounds; round++) {
    low = (low - (mix(high) ^ (sum + key[(sum >>> 11) & 3]!))) >>> 0;
    sum = (sum - delta) >>> 0;
    high = (high - (mix(low) ^ (sum + key[sum & 3]!))) >>> 0;
  }
  return [high, low];
}

function mix(half: number): number {
  return ((half << 4) ^ (half >>> 5)) + half;
}
