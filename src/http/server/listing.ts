import { check } from "../../core/error.ts";
import { toLines } from "../wire/page.ts";
import type { Ask } from "./ask.ts";
import { operations } from "./operations.ts";
import { done, writeJson, type Reply } from "./reply.ts";

/** Returns how requests about many entries are answered. */
export function createListingReplies(maxItems: number): {
  readonly [name in "list" | "clear" | "sweep"]: (ask: Ask) => Promise<Reply>;
} {
  return {
    async list(ask) {
      const { before, parameters } = ask;
      const { prefix, limit = "1000", cursor } = parameters;
      const page = await operations.list.run(ask, {
        prefix,
        limit: Math.min(/^\d+$/.test(limit) ? Number(limit) : NaN, maxItems),
        cursor: cursor === undefined ? undefined : unwrapCursor(cursor, before),
      });
      const lines = toLines(page, ask.now());
      return writeJson(page.cursor === undefined ? lines : { ...lines, cursor: wrapCursor(page.cursor, before) });
    },
    async clear(ask) {
      const { prefix } = ask.parameters;
      // To clear everything is asked for explicitly.
      check(prefix !== undefined, "query", "a prefix, if only an empty one", prefix);
      await operations.clear.run(ask, prefix);
      return done;
    },
    sweep: async (ask) => writeJson(await operations.sweep.run(ask)),
  };
}

/** Writes a cursor without the prefix of a scope, which its holder does not see; many a cursor is the key before. */
function wrapCursor(cursor: string, before: string): string {
  if (before === "") return cursor;
  return cursor.startsWith(before) ? `+${cursor.slice(before.length)}` : `-${cursor}`;
}

function unwrapCursor(cursor: string, before: string): string {
  if (before === "") return cursor;
  check(/^[+-]/.test(cursor), "cursor", "the cursor of a page", cursor);
  return (cursor[0] === "+" ? before : "") + cursor.slice(1);
}
