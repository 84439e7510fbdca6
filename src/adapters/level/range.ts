/** Which keys a call of Level means. Where both of two bounds are given the inclusive one counts, as in Level's own stores. */
export interface Range {
  readonly gt?: Uint8Array | undefined;
  readonly gte?: Uint8Array | undefined;
  readonly lt?: Uint8Array | undefined;
  readonly lte?: Uint8Array | undefined;
}

/** Compares bytes as Level orders keys. */
export function compare(a: Uint8Array, b: Uint8Array): number {
  const at = a.findIndex((byte, index) => byte !== b[index]);
  return at < 0 || at >= b.length ? a.length - b.length : a[at]! - b[at]!;
}

/** Whether a range has a key. */
export function has({ gt, gte, lt, lte }: Range, key: Uint8Array): boolean {
  const isAbove = gte ? compare(key, gte) >= 0 : !gt || compare(key, gt) > 0;
  return isAbove && (lte ? compare(key, lte) <= 0 : !lt || compare(key, lt) < 0);
}

/** Returns ASCII with which every key of a range begins, as far as its two ends share it: what a listing can ask for. */
export function startOf({ gt, gte, lt, lte }: Range): string {
  const [lower, upper] = [gte ?? gt, lte ?? lt];
  if (!lower || !upper) return "";
  let length = 0;
  while (length < lower.length && lower[length] === upper[length] && lower[length]! < 0x80) length++;
  return String.fromCharCode(...lower.subarray(0, length));
}
