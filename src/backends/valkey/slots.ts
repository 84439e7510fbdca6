import { encodeText } from "../../core/utf8.ts";
import { joinBytes } from "../../core/value.ts";

// How many slots a cluster shares among its nodes.
export const slotCount = 16_384;

let tags: readonly string[] | undefined;

/** Returns the slot of a cluster that a key is in: by what stands between its first braces, if that is something. */
export function slotOf(key: string): number {
  return slotOfBytes(encodeText(tagOf(key) ?? key));
}

/** Returns the slot of a cluster that a name without braces is in. */
export function slotOfBytes(name: Uint8Array): number {
  return crc16(name) % slotCount;
}

/** Returns what stands between the first braces of a key, by which it is placed, if it is something. */
export function tagOf(key: string): string | undefined {
  return /^[^{]*\{([^}]+)\}/.exec(key)?.[1];
}

/** Returns a name that is no key, because it is not UTF-8. */
export function nameBeside(prefix: string, name: string): Uint8Array {
  return joinBytes([encodeText(prefix), Uint8Array.of(0xff), encodeText(name)]);
}

/** Returns a text that is placed in a slot. */
export function tagIn(slot: number): string {
  return (tags ??= findTags())[slot]!;
}

function findTags(): string[] {
  const found: string[] = [];
  for (let number = 0, left = slotCount; left; number++) {
    const tag = number.toString(36);
    const slot = slotOf(tag);
    if (found[slot] !== undefined) continue;
    found[slot] = tag;
    left--;
  }
  return found;
}

/** CRC-16/XMODEM, as the specification of the cluster asks for it. */
function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff;
  }
  return crc;
}
