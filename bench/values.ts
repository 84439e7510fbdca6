/** Keys as applications have them, in no order. */
export function keysOf(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `user:${(index * 7919) % count}:profile`);
}

/** Bytes that are of one key and one round alone. */
export function valueOf(index: number, round: number, size: number): Uint8Array {
  const value = new Uint8Array(size).fill(65 + (round % 20));
  new DataView(value.buffer).setUint32(0, index);
  return value;
}

/** Whether these are the bytes of a key, of whichever round. */
export function isValueOf(found: unknown, index: number, size: number): boolean {
  if (!(found instanceof Uint8Array) || found.length !== size) return false;
  const value = valueOf(index, found.at(-1)! - 65, size);
  return found.every((byte, at) => byte === value[at]);
}
