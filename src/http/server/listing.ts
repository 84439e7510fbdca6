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
      const { prefix, limit = "1000", cursor } = ask.parameters;
      const page = await operations.list.run(ask, {
        prefix,
        limit: Math.min(/^\d+$/.test(limit) ? Number(limit) : NaN, maxItems),
        cursor,
      });
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
