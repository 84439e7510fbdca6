import { isStoreError, quote, StoreError } from "../../core/error.ts";
import { start, type Position } from "./output.ts";
import { readExport } from "./readExport.ts";

/** Finds where an export in a file goes on: at the last mark before anything that is damaged. */
export async function findPosition(path: string, name: string, prefix: string): Promise<Position> {
  let last = start;
  let count = 0;
  let isBegun = false;
  try {
    const checkPrefix = (found: { prefix: string }): void => {
      isBegun = true;
      if (found.prefix === prefix) return;
      const message = `Cannot resume ${quote(name)}: expected --prefix ${quote(found.prefix)}, got ${quote(prefix)}`;
      throw new StoreError("invalid-argument", message);
    };
    for await (const item of readExport(await readFile(path), checkPrefix)) {
      if (item.kind === "damage") break;
      if (item.kind === "entry") count++;
      if (item.kind === "mark") last = { cursor: item.cursor, count, endsAt: item.endsAt, isWhole: false };
      if (item.kind === "end" && item.isWhole) return { ...start, count, isWhole: true };
    }
  } catch (error) {
    if (isBegun || !isStoreError(error, "cant-decode")) throw error;
    // Cut off in its first line, or empty. Any other file is not ours to replace.
    const { stat } = await import("node:fs/promises");
    const { size } = await stat(path);
    if (size > 0 && !(await isCutHeader(path))) throw error;
  }
  return last;
}

async function isCutHeader(path: string): Promise<boolean> {
  let text = "";
  for await (const chunk of await readFile(path)) text += new TextDecoder().decode(chunk);
  return '{"shelflife":"export"'.startsWith(text.slice(0, 21)) && !text.includes("\n");
}

/** Returns the bytes of a file as they are read. */
export async function readFile(path: string): Promise<AsyncIterable<Uint8Array>> {
  const { createReadStream } = await import("node:fs");
  return createReadStream(path) as AsyncIterable<Uint8Array>;
}
