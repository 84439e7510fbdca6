import type { Entry, Listed } from "../core/contract.ts";

const utf8 = /* @__PURE__ */ new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** What a record tells without its value being decoded. */
export type Head = Omit<Listed, "key">;

// The form, which is t or b in this version; the deadline and the length in base 36; then comes the value.
const shape = /^([tb])((?:-?[0-9a-z]+)?),([0-9a-z]+),/;

/**
 * Writes an entry as a string without lone surrogates: a value that is valid UTF-8 as that text, any other in UTF-16 units
 * of 15 bits.
 */
export function writeRecord({ value, expiresAt }: Entry): string {
  const { length } = value;
  const head = `${expiresAt < Infinity ? expiresAt.toString(36) : ""},${length.toString(36)},`;
  try {
    return `t${head}${utf8.decode(value)}`;
  } catch {
    const units = regroup(length, (index) => value[index]!, 8, new Uint16Array(unitsFor(length)), 15);
    return `b${head}${new TextDecoder("utf-16le").decode(units)}`;
  }
}

/** Reads the head of a record. Of one that is damaged, or of a version to come, nothing is known. */
export function readHead(record: string): Head {
  const [, , deadline, size] = shape.exec(record) ?? [];
  return {
    expiresAt: deadline ? parseInt(deadline, 36) : Infinity,
    size: size === undefined ? size : parseInt(size, 36),
  };
}

/** Reads the value of a record, if it is whole. */
export function readValue(record: string): Uint8Array | undefined {
  const [head, form, , size] = shape.exec(record) ?? [];
  if (!head) return undefined;
  const length = parseInt(size!, 36);
  const text = record.slice(head.length);
  if (form === "t") {
    const value = new TextEncoder().encode(text);
    return value.length === length ? value : undefined;
  }
  if (text.length !== unitsFor(length)) return undefined;
  return regroup(text.length, (index) => text.charCodeAt(index), 15, new Uint8Array(length), 8);
}

function unitsFor(bytes: number): number {
  return Math.ceil((bytes * 8) / 15);
}

/** Puts the bits of units of one width into units of another. What is over is padded with zeros, if there is room for it. */
function regroup<Units extends Uint8Array | Uint16Array>(
  length: number,
  unit: (index: number) => number,
  width: number,
  target: Units,
  targetWidth: number,
): Units {
  let bits = 0;
  let count = 0;
  let at = 0;
  const add = (value: number): void => void (target[at++] = value & ((1 << targetWidth) - 1));
  for (let index = 0; index < length; index++) {
    bits = (bits << width) | unit(index);
    for (count += width; count >= targetWidth;) add(bits >> (count -= targetWidth));
  }
  if (count) add(bits << (targetWidth - count));
  return target;
}
