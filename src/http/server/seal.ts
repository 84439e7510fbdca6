import { encodeText, decodeLoosely } from "../../core/utf8.ts";
import type { Hash } from "./hash.ts";
import { decipher, encipher } from "./xtea.ts";

/** Makes ids of the positions of one log, which show nothing of these: the same position has another one each time. */
export interface Seal {
  id(position: string): string;
  /** Returns the position that an id stands for; nothing for an id of another log. */
  open(id: string): string | undefined;
}

const pattern = /^([\da-f]{16})\.([\da-f]{96,4000})$/;
const block = 8;
// Positions of different lengths have ids of the same one.
const shortest = 5 * block;

/** Whether a text could be the id of a position. */
export function isSealed(id: string): boolean {
  return pattern.test(id);
}

/** Returns the seal of a log, by the secret that it shares with whoever reads it. */
export async function createSeal(secret: string, hash: Hash): Promise<Seal> {
  const digest = await hash(encodeText(`shelflife log\n${secret}`));
  const log = digest.slice(0, 16);
  const key = Uint32Array.from([16, 24, 32, 40], (at) => parseInt(digest.slice(at, at + 8), 16));
  return {
    id(position) {
      const text = encodeText(position);
      const bytes = new Uint8Array(block + Math.max(shortest, Math.ceil(text.length / block) * block));
      // Each block is mixed with the one before, of which the first is random.
      crypto.getRandomValues(bytes.subarray(0, block));
      bytes.set(text, block);
      const view = new DataView(bytes.buffer);
      for (let at = block; at < bytes.length; at += block) {
        const high = view.getUint32(at) ^ view.getUint32(at - 8);
        const low = view.getUint32(at + 4) ^ view.getUint32(at - 4);
        write(view, at, encipher(key, high >>> 0, low >>> 0));
      }
      return `${log}.${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
    },
    open(id) {
      const [, of, digits = ""] = pattern.exec(id) ?? [];
      if (of !== log || digits.length % (2 * block)) return undefined;
      const bytes = Uint8Array.from({ length: digits.length / 2 }, (_, at) =>
        parseInt(digits.slice(2 * at, 2 * at + 2), 16),
      );
      const view = new DataView(bytes.buffer);
      for (let at = bytes.length - block; at > 0; at -= block) {
        const [high, low] = decipher(key, view.getUint32(at), view.getUint32(at + 4));
        write(view, at, [high ^ view.getUint32(at - 8), low ^ view.getUint32(at - 4)]);
      }
      let end = bytes.length;
      // NULs fill the last block.
      while (end > block && bytes[end - 1] === 0) end--;
      return decodeLoosely(bytes.subarray(block, end));
    },
  };
}

function write(view: DataView, at: number, [high, low]: readonly [number, number]): void {
  view.setUint32(at, high >>> 0);
  view.setUint32(at + 4, low >>> 0);
}
