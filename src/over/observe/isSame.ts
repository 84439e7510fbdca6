import { equalBytes, isBytes } from "../../core/value.ts";

/** Whether two values are surely the same: bytes, or what JSON says all of. */
export function isSame(a: unknown, b: unknown): boolean {
  try {
    return isBytes(a) && isBytes(b) ? equalBytes(a, b) : textOf(a) === textOf(b);
  } catch {
    return false;
  }
}

/** Returns a value as text; throws where that does not say all of it. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    const isPlain = Array.isArray(part) || Object(part) !== part || Object.getPrototypeOf(part) === Object.prototype;
    if (!isPlain || part === undefined || (typeof part === "number" && !Number.isFinite(part))) throw part;
    return part;
  });
}
