import { joinBytes } from "../../core/value.ts";

// The longest value that a handler takes by default is a third of this in base64: characters.
const longestLine = 2 ** 28;

/** A line with its end. */
export interface Line {
  /** Absent if it is too long: its parts were skipped. */
  readonly bytes: Uint8Array | undefined;
  /** Where it ends: bytes. */
  readonly endsAt: number;
}

/** Splits input into lines. What is of a line that is too long goes to `skip` in parts. */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  skip: (part: Uint8Array) => void,
): AsyncGenerator<Line> {
  let parts: Uint8Array[] = [];
  let length = 0;
  let isTooLong = false;
  let endsAt = 0;

  function take(): Line {
    endsAt += length;
    const bytes = isTooLong ? undefined : parts.length === 1 ? parts[0]! : joinBytes(parts);
    parts = [];
    length = 0;
    isTooLong = false;
    return { bytes, endsAt };
  }

  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length;) {
      const found = chunk.indexOf(10, at);
      const end = found < 0 ? chunk.length : found + 1;
      parts.push(chunk.subarray(at, end));
      length += end - at;
      at = end;
      if (length > longestLine) {
        isTooLong = true;
        parts.forEach(skip);
        parts = [];
      }
      if (found >= 0) yield take();
    }
  }
  if (length) yield take();
}
