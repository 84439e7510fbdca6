import { isEnd, isMark, parseLine, readEntry, readHeader, type ExportHeader, type ExportItem } from "./format.ts";
import { readLines } from "./readLines.ts";

/**
 * Reads an export as it comes, a line at a time. `onHeader` gets what the first line says. What is damaged is an item among the
 * others; an export without an end item was cut. Rejects `cant-decode` for what is no export, or one of another version.
 */
export async function* readExport(
  chunks: AsyncIterable<Uint8Array>,
  onHeader: (header: ExportHeader) => void = () => {},
): AsyncGenerator<ExportItem> {
  const { createHash } = await import("node:crypto");
  const hash = createHash("sha256");
  let count = 0;
  let number = 0;
  let isOver = false;
  const skip = (part: Uint8Array): void => void (isOver || hash.update(part));
  for await (const { bytes, endsAt } of readLines(chunks, skip)) {
    number++;
    const found = bytes && parseLine(bytes);
    const line = number;
    if (number === 1) {
      onHeader(readHeader(found));
      hash.update(bytes!);
    } else if (isOver) {
      yield { kind: "damage", line, expected: "nothing after the end" };
    } else if (isEnd(found)) {
      isOver = true;
      const isWhole = found.count === count && found.sha256 === hash.digest("hex");
      yield { kind: "end", line, count: found.count, isWhole };
    } else {
      if (bytes) hash.update(bytes);
      // One without its end is no place to go on at.
      if (isMark(found) && bytes!.at(-1) === 10) {
        yield { kind: "mark", line, cursor: found.cursor, endsAt };
        continue;
      }
      const entry = readEntry(found);
      if (typeof entry === "string") yield { kind: "damage", line, expected: entry };
      else {
        count++;
        yield { kind: "entry", line, ...entry };
      }
    }
  }
  if (number === 0) readHeader(undefined);
}
