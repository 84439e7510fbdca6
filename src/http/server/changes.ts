import type { Change } from "../../core/contract.ts";
import { checkPrefix } from "../../core/key.ts";
import type { KeyChange } from "../../core/keyChange.ts";
import { mostPolled, type Polled } from "../wire/events.ts";
import { jsonType } from "../wire/json.ts";
import { scopeOf, type Ask } from "./ask.ts";
import { advance, seenKey, type Interest } from "./changeLog.ts";
import { createChangeReader, createMediumReader } from "./changeReader.ts";
import { streamChanges } from "./changeStream.ts";
import type { Feed } from "./feed.ts";
import type { MediumLog } from "./mediumLog.ts";
import { checkId } from "./positions.ts";
import { refusal } from "./refusal.ts";
import { writeJson, writeStream, type Reply } from "./reply.ts";

/**
 * Returns how requests for changes are answered: by a poll, or by a stream, of which so many may be open at once. From the log
 * of the store's medium, where there is one, else from what the feed has seen.
 */
export function createChangesReplies(
  feed: Feed,
  medium: MediumLog | undefined,
  maxStreams: number,
): { readonly watch: (ask: Ask) => Promise<Reply> } {
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
    const { log, at, source } = place;
    const { after } = interest;
    const begin = after === undefined ? at : log.find(after);
    const position = begin === undefined ? source?.marks.open(after!) : undefined;
    // Who goes on sees by the id that nothing has happened yet.
    const isKnown = begin !== undefined || position !== undefined;
    const last = isKnown && after !== undefined ? after : log.id(begin ?? log.end);
    const from = position === undefined ? { place: begin! } : { position };
    const reader =
      source && isKnown ? createMediumReader(from, source, interest) : createChangeReader(log, begin, interest);
    const stream = streamChanges(log, reader, isKnown ? last : undefined, () => {
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
      if (!headers.get("accept")?.includes(jsonType)) return openStream(interest);
      const polled = (medium && (await pollMedium(medium, interest, ask))) ?? (await poll(feed, interest));
      return writeJson({ ...polled, time: ask.now(), scope: await scopeOf(ask) } satisfies Polled);
    },
  };
}

type Found = Pick<Polled, "changes" | "last" | "resync">;

/** The same as `poll` by the log of a medium; nothing where none is kept. */
async function pollMedium(medium: MediumLog, interest: Interest, { signal }: Ask): Promise<Found | undefined> {
  const { prefix, after } = interest;
  const query = { prefix, limit: mostPolled };
  const changes: KeyChange[] = [];
  let page = await medium.readAfter(after, query, signal);
  for (;;) {
    if (!page) return undefined;
    const { seal, position, isLast } = page;
    if (!page.changes) return { changes: [], last: seal.id(position), resync: true };
    const seen = page.changes.filter(({ key }) => seenKey(key, interest) !== undefined);
    const some = seen.slice(0, mostPolled - changes.length);
    for (const { type, key } of some) changes.push({ type, key: seenKey(key, interest)! });
    if (some.length < seen.length) return { changes, last: seal.id(some.at(-1)!.position) };
    if (isLast || changes.length === mostPolled) return { changes, last: seal.id(position) };
    page = await medium.read({ ...query, after: position }, signal);
  }
}

/** Answers with the changes there are after an id; without one, with the id to begin with. */
async function poll(feed: Feed, interest: Interest): Promise<Found> {
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
    return { changes, last: log.id(at), ...(isMissing && { resync: true }) };
  } finally {
    feed.leave();
  }
}
