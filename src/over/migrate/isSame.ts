import { kindOf } from "../../core/error.ts";
import { equalBytes } from "../../core/value.ts";

/**
 * Whether two values of stores are surely the same: bytes, or what a view makes of them, in whatever order its properties are.
 * What cannot be looked into (an object of a class, say) is the same as itself only.
 */
export function isSame(a: unknown, b: unknown): boolean {
  try {
    return compare(a, b);
  } catch {
    // Too deep, or it goes in a circle.
    return false;
  }
}

function compare(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  const kind = kindOf(a);
  if (Object(a) !== a || Object(b) !== b || kindOf(b) !== kind) return false;
  if (kind === "Date") return Object.is(Number(a), Number(b));
  if (ArrayBuffer.isView(a)) return equalBytes(bytesOf(a), bytesOf(b as ArrayBufferView));
  const [members, others] = [membersOf(kind, a as object), membersOf(kind, b as object)];
  return (
    members?.length === others?.length &&
    members?.every(([name, part], index) => compare(name, others![index]![0]) && compare(part, others![index]![1])) ===
      true
  );
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

/** What an object holds, if all of it is to be seen: the items of a list in their order, properties by their names. */
function membersOf(kind: string, object: object): (readonly [unknown, unknown])[] | undefined {
  if (/^(Array|Map|Set)$/.test(kind)) return [...(object as Iterable<unknown>)].map((item, index) => [index, item]);
  const prototype: unknown = Object.getPrototypeOf(object);
  // Of any realm.
  const isPlain = kind === "Object" && (prototype === null || Object.getPrototypeOf(prototype) === null);
  return isPlain ? Object.entries(object).sort(([one], [other]) => (one < other ? -1 : 1)) : undefined;
}
