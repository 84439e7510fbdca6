import type { Call } from "../../core/contract.ts";
import { isStoreError } from "../../core/error.ts";
import type { Changes, Link, Remote, TaggedPage, Wire } from "../../core/link.ts";
import { findPage } from "../client/answers.ts";
import { inParts } from "../client/parts.ts";
import type { Details } from "../client/request.ts";
import { readUnless } from "../wire/batch.ts";
import { expectComplete } from "../wire/complete.ts";
import { mostPolled, readPolled, type Polled } from "../wire/events.ts";
import { frame } from "../wire/frame.ts";
import { jsonType } from "../wire/json.ts";
import { readTaggedPage } from "../wire/page.ts";

// How many keys are asked for at once, and how many polls follow one another at most.
const portion = 1000;
const mostPolls = 100;

/** What a link reads. */
export type Reading = Required<Pick<Link, "changes" | "list" | "read">>;

/** Returns what reads by the wire of a store. What makes no sense is `unavailable`. */
export function createReading({ ask, prefix }: Wire): Reading {
  // What has the prefix for its key is nothing of the part.
  const inner = (key: string): string => {
    expectComplete(key.startsWith(prefix));
    return key.slice(prefix.length);
  };

  async function changes(after: string | undefined, call: Call): Promise<Changes> {
    const keys = new Set<string>();
    try {
      for (let bookmark = after, count = 1; ; count++) {
        const details: Details<Polled> = {
          parameters: { prefix, after: bookmark },
          headers: { accept: jsonType },
          read(bytes) {
            const polled = readPolled(bytes);
            const { changes, time, scope } = polled;
            expectComplete(Number.isFinite(time) && typeof scope === "string" && changes.length <= mostPolled);
            // What expires there expires here.
            for (const { type, key } of changes) if (type !== "expire" && inner(key)) keys.add(inner(key));
            return polled;
          },
        };
        const { changes, last, resync, time, scope }: Polled = await ask(call, "GET changes", details);
        const isWhole = changes.length < mostPolled;
        const isKnown = bookmark !== undefined && !resync;
        // To compare costs no more when there are so many, and leaves nothing to be found out later.
        const isOver = !isKnown || isWhole || count === mostPolls;
        // Another part is seen with another prefix.
        if (isOver)
          return { keys: isKnown && isWhole ? [...keys] : undefined, bookmark: last, time, scope: scope + prefix };
        bookmark = last;
      }
    } catch (error) {
      // A store that nobody can watch, and a bookmark of a handler of another version.
      if (isStoreError(error, "unsupported")) return { bookmark: undefined, time: call.now() };
      if (after === undefined || !isStoreError(error, "invalid-argument")) throw error;
      return changes(undefined, call);
    }
  }

  return {
    changes,
    list: ({ prefix: within = "", limit = 1000, cursor }, call) =>
      findPage({ prefix: prefix + within, limit, cursor }, call.now, (asked) => {
        const details: Details<TaggedPage> = {
          parameters: { ...asked, tags: 1 },
          read(bytes, start) {
            const { entries, ...rest } = readTaggedPage(bytes, start, asked);
            return {
              ...rest,
              entries: entries.map((entry) => ({ ...entry, key: inner(entry.key) })).filter(({ key }) => key),
            };
          },
        };
        return ask(call, "GET entries", details) as Promise<TaggedPage>;
      }),
    async read(wanted, call) {
      const found: (Remote | undefined)[] = [];
      const readPart = async (part: typeof wanted): Promise<number> => {
        const getUnless = part.map(([key, tag = null, most = Infinity]) => [
          prefix + key,
          tag,
          ...(most < Infinity ? [most] : []),
        ]);
        const details: Details<(Remote | undefined)[]> = {
          isRead: true,
          body: () => frame({ getUnless }),
          read: (bytes, start) => readUnless(bytes, start, part),
        };
        for (const entry of (await ask(call, "POST batch", details)) as (Remote | undefined)[]) found.push(entry);
        return 0;
      };
      await inParts(wanted, readPart, portion);
      return found;
    },
  };
}
