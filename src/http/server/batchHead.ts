import { check } from "../../core/error.ts";
import { sizeOfValues } from "../wire/frame.ts";
import { lineRoom, type Limits } from "./limits.ts";
import { refusal, refuseSize } from "./refusal.ts";

// A list of lists, within an object.
const maxDepth = 3;
// An item of the most members, and what parts it from the next.
const maxCommas = 6;
// What an item takes of a line: a key of 1,024 bytes, its name, its tag and numbers. Bytes.
const itemRoom = 1200;

/**
 * Refuses a batch whose first line would cost more to parse than one of so many items can: one that is too long or too deep,
 * or has too many parts. Looks at each byte of that line once at most, or twice where many items are to be distinguished from what is
 * no batch.
 */
export function checkHead(body: Uint8Array, { maxItems }: Limits, refuseMany?: () => Error): void {
  const length = body.indexOf(10);
  const most = lineRoom + maxItems * itemRoom;
  if (length > most) throw refusal("size", `First line of the batch is too long: expected at most ${most} bytes`);
  const line = body.subarray(0, Math.max(0, length));
  const isFlat = isFlatJson(line, maxDepth, maxCommas * (maxItems + 1));
  if (!isFlat && refuseMany && isFlatJson(line, maxDepth, Infinity)) throw refuseMany();
  check(isFlat, "batch", `a list of at most ${maxItems} items`, "more, or lists within them");
}

/** Refuses a batch that has other values than it announces, or too large ones. */
export function checkValues(body: Uint8Array, announced: number, { maxBytes }: Limits): void {
  const given = sizeOfValues(body);
  check(announced === given, "batch", `values of ${announced} bytes together`, given);
  if (announced > maxBytes) throw refuseSize(maxBytes);
}

/** Whether JSON, as bytes, nests no deeper and has no more commas than given. */
export function isFlatJson(json: ArrayLike<number>, deepest: number, commas: number): boolean {
  let depth = 0;
  let isText = false;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at];
    if (byte === quoteMark) isText = !isText;
    else if (isText) at += Number(byte === backslash);
    else if (byte === comma) {
      if (--commas < 0) return false;
    } else if (opening.has(byte)) {
      if (++depth > deepest) return false;
    } else if (closing.has(byte)) depth--;
  }
  return true;
}

const [quoteMark, comma, backslash] = [34, 44, 92];
const opening: ReadonlySet<number | undefined> = new Set([91, 123]);
const closing: ReadonlySet<number | undefined> = new Set([93, 125]);
