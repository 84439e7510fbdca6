import type { Change } from "../../core/contract.ts";
import { checkPrefix } from "../../core/key.ts";
import type { KeyChange } from "../../core/keyChange.ts";
import type { Polled } from "../wire/events.ts";
import { jsonType } from "../wire/json.ts";
import { scopeOf, type Ask } from "./ask.ts";
import { advance, type Interest } from "./changeLog.ts";
import { streamChanges } from "./changeStream.ts";
import type { Feed } from "./feed.ts";
import { checkId } from "./positions.ts";
import { refusal } from "./refusal.ts";
import { writeJson, writeStream, type Reply } from "./reply.ts";

/** Returns how requests for changes are answered: by a poll, or by a stream, of which so many may be open at once. */
export function createChangesReplies(feed: Feed, maxStreams: number): { readonly watch: (ask: Ask) => Promise<Reply> } {
  let open = 0;

  /** Resolves with a stream of changes once the store reports them, and rejects when it refuses to. */
  async function openStream(interest: Interest): Promise<Reply> {
    if (open >= maxStreams) {
      throw refusal("crowd", `Too many streams: expected at most ${maxStreams} at once`, { retryAfter: 5 });
    }
    open++;
    const place = await feed.join(interest.after !== undefined).catch((error: unknown) => {
      open--;
      throw error;
    });
    const { log, at } = place;
    const { after } = interest;
    const begin = after === undefined ? at : log.find(after);
    // Who goes on sees by the id that nothing has happened yet.
    const last = after !== undefined && begin !== undefined ? after : log.id(begin ?? log.end);
    const stream = streamChanges(log, begin, interest, last, () => {
      open--;
      feed.leave();
    });
    return writeStream(stream, last);
  }

  return {
    async watch(ask) {
      const { before, parameters, request } = ask;
      const { prefix = "", after } = parameters;
      const { headers } = request;
      // What a browser sends by itself when it comes back is later than what the address says.
      const last = headers.get("last-event-id") ?? after;
      const interest = {
        prefix: before + checkPrefix(prefix),
        hidden: before,
        after: last === undefined ? undefined : checkId(last),
      };
      return headers.get("accept")?.includes(jsonType) ? poll(feed, interest, ask) : openStream(interest);
    },
  };
}

/** Answers with the changes there are after an id; without one, with the id to begin with. */
async function poll(feed: Feed, interest: Interest, ask: Ask): Promise<Reply> {
  const { log, at: present } = await feed.join(interest.after !== undefined);
  try {
    const { after } = interest;
    const found = after === undefined ? present : log.find(after);
    const changes: KeyChange[] = [];
    let isMissing = found === undefined;
    const take = (change: Change): void => {
      if (change.type !== "resync") return void changes.push(change);
      // Those before it are among what is read again.
      isMissing = true;
      changes.length = 0;
    };
    const at = found === undefined ? log.end : advance(log, found, interest, (_, change) => take(change));
    const polled: Polled = {
      changes,
      last: log.id(at),
      ...(isMissing && { resync: true }),
      time: ask.now(),
      scope: await scopeOf(ask),
    };
    return writeJson(polled);
  } finally {
    feed.leave();
  }
}
