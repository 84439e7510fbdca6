import type { Call, Listed, Page } from "../../core/contract.ts";
import type { Listings } from "./listings.ts";
import type { Pipeline } from "./pipeline.ts";
import { readHead, stepsOf } from "./step.ts";

/** Which page is read. */
export interface PageOptions {
  readonly prefix: string;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** Returns what reads pages: the keys of listings, as far as they are still there, with their deadlines and sizes. */
export function createList(
  listings: Listings,
  pipeline: Pick<Pipeline, "ask">,
): (options: PageOptions, call: Call) => Promise<Page> {
  return async ({ prefix, limit, cursor }, call) => {
    const entries: Listed[] = [];
    let from = cursor;
    for (;;) {
      const { keys, isCut, cursorAt } = await listings.read(prefix, from);
      for (let at = 0; at < keys.length; at += limit + 1) {
        // One more than is asked for: whether there is another page.
        const some = keys.slice(at, at + limit + 1);
        for (const [number, head] of (await pipeline.ask(stepsOf("head", some), call, readHead)).entries()) {
          if (!head) continue;
          if (entries.length === limit) return { entries, cursor: cursorAt(entries[limit - 1]!.key) };
          entries.push({ key: some[number]!, ...head });
        }
      }
      if (!isCut) return { entries };
      from = cursorAt(keys.at(-1)!);
    }
  };
}
