// FIPS 180-4. The browser's own digest takes all bytes at once, and a file is not held whole here.
const primes = [];
for (let number = 2; primes.length < 64; number++) {
  if (primes.every((prime) => number % prime)) primes.push(number);
}
const fraction = (number) => ((number - Math.floor(number)) * 2 ** 32) | 0;
const constants = Int32Array.from(primes, (prime) => fraction(Math.cbrt(prime)));
const start = primes.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)));
const blockSize = 64;

/** Returns what hashes bytes as they come. */
export function createSha256() {
  const state = Int32Array.from(start);
  const words = new Int32Array(64);
  const rest = new Uint8Array(blockSize);
  let held = 0;
  let length = 0;

  function mix(bytes, at) {
    for (let index = 0; index < 16; index++, at += 4) {
      words[index] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
    }
    for (let index = 16; index < 64; index++) {
      const [one, two] = [words[index - 15], words[index - 2]];
      const small = ((one >>> 7) | (one << 25)) ^ ((one >>> 18) | (one << 14)) ^ (one >>> 3);
      const large = ((two >>> 17) | (two << 15)) ^ ((two >>> 19) | (two << 13)) ^ (two >>> 10);
      words[index] = (words[index - 16] + small + words[index - 7] + large) | 0;
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let index = 0; index < 64; index++) {
      const choice = (e & f) ^ (~e & g);
      const turn = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      const first = (h + turn + choice + constants[index] + words[index]) | 0;
      const majority = (a & b) ^ (a & c) ^ (b & c);
      const other = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      h = g;
      g = f;
      f = e;
      e = (d + first) | 0;
      d = c;
      c = b;
      b = a;
      a = (first + other + majority) | 0;
    }
    for (const [index, value] of [a, b, c, d, e, f, g, h].entries()) state[index] += value;
  }

  function update(bytes) {
    length += bytes.length;
    let at = 0;
    if (held) {
      at = Math.min(blockSize - held, bytes.length);
      rest.set(bytes.subarray(0, at), held);
      held += at;
      if (held < blockSize) return;
      mix(rest, 0);
    }
    for (; at + blockSize <= bytes.length; at += blockSize) mix(bytes, at);
    rest.set(bytes.subarray(at));
    held = bytes.length - at;
  }

  return {
    update,
    /** Returns the hash in hexadecimal digits, and takes no more. */
    digest() {
      const bits = length * 8;
      const padding = new Uint8Array((held < 56 ? 56 : 120) - held + 8);
      padding[0] = 0x80;
      const view = new DataView(padding.buffer);
      view.setUint32(padding.length - 8, Math.floor(bits / 2 ** 32));
      view.setUint32(padding.length - 4, bits >>> 0);
      update(padding);
      return Array.from(state, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
    },
  };
}
