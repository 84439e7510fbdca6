import { check } from "../../core/error.ts";
import { toLines } from "../wire/page.ts";
import type { Ask } from "./ask.ts";
import type { Room } from "./room.ts";
import { operations } from "./operations.ts";
import { done, writeJson, type Reply } from "./reply.ts";

/** Returns how requests about many entries are answered. */
export function createListingReplies(
  maxItems: number,
  makeRoom: () => Room,
): {
  readonly [name in "list" | "clear" | "sweep"]: (ask: Ask) => Promise<Reply>;
} {
  return {
    async list(ask) {
      const { prefix, limit = "1000", cursor, tags } = ask.parameters;
      check(tags === undefined || tags === "1", "query", "tags as 1, or none", tags);
      const most = Math.min(/^\d+$/.test(limit) ? Number(limit) : NaN, maxItems);
      const options = { prefix, limit: most, cursor };
      if (tags) ask.allow(...operations.listTagged.needs);
      const page = await (tags
        ? operations.listTagged.run(ask, options, makeRoom())
        : operations.list.run(ask, options));
      return writeJson(toLines(page, ask.now()));
    },
    async clear(ask) {
      const { prefix } = ask.parameters;
      // To clear everything is asked for explicitly.
      check(prefix !== undefined, "query", "a prefix, if only an empty one", prefix);
      await operations.clear.run(ask, prefix);
      return done;
    },
    sweep: async (ask) => writeJson(await operations.sweep.run(ask, ask.parameters.prefix ?? "")),
  };
}
