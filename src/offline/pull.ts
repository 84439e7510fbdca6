import type { Call } from "../core/contract.ts";
import type { Remote } from "../core/link.ts";
import { live } from "../core/value.ts";
import { otherAccount } from "./identity.ts";
import { portion, portions } from "./portions.ts";
import { readAll } from "./readAll.ts";
import type { Whole } from "./parts.ts";
import { blank, needsValue, renewed, type Record } from "./record.ts";
import { fromJson, toJson } from "./json.ts";
import { identityRow, isRecordKey, progressRow } from "./names.ts";
import { drift } from "./rows.ts";
import { isSameTime } from "./settle.ts";
import type { Side } from "./side.ts";

/** How far what the other side has is known here. */
export interface Progress {
  /** Which round of looking this is: only the last may write. */
  readonly round: number;
  /** What has changed before this is known here, or is being listed. */
  readonly bookmark?: string | undefined;
  /** Where a comparison of all there is has come to; nothing when none is under way. */
  readonly listing?: { readonly cursor?: string | undefined } | undefined;
  /** Whether all there was has been known once, so that a miss is one. */
  readonly isComplete?: boolean | undefined;
  /** Which part of the other side is seen. */
  readonly scope?: string | undefined;
  /** How far the other side's clock was ahead: ms. */
  readonly offset?: number | undefined;
  /** What this side's clock showed at the latest since then, by what was noted: epoch ms. */
  readonly clock?: number | undefined;
  /** When there was a look last: epoch ms. */
  readonly time?: number | undefined;
}

/** Thrown when another round has begun. */
export const outrun: Error = new Error("Another round has begun");

/** Finds out what has changed on the other side, and takes it over. Throws `outrun` when another context does by now. */
export async function pull(side: Side, call: Call): Promise<void> {
  const { link } = side;
  let progress = await advance(side, (before) => ({ ...before, round: before.round + 1 }));
  const { round, bookmark, offset, clock } = progress;
  const asked = call.now();
  const changes = await link.changes(bookmark, call);
  const { scope = progress.scope } = changes;
  if (progress.scope !== undefined && scope !== progress.scope) throw otherAccount();
  const ahead = changes.time - call.now();
  // A clock that was set may have swept what is still alive, or kept what is not.
  const isSet = offset !== undefined && (Math.abs(ahead - offset) > drift || asked < clock!);
  const isGap = !changes.keys || bookmark === undefined || isSet;
  if (!isGap) await fetchAll(side, [...changes.keys], round, call);
  progress = await advance(
    side,
    (before) => ({
      ...before,
      bookmark: changes.bookmark,
      scope,
      // What was noted of the clock meanwhile counts at the next look.
      ...(before.clock === clock && { offset: ahead, clock: call.now() }),
      time: call.now(),
      ...(isGap && { listing: {} }),
    }),
    round,
  );
  if (!progress.listing) return;
  await compare(side, progress, call);
}

/** Reads some keys from the other side and takes them over. `whole` gets all there is of them, whatever is kept of it. */
export function fetch(side: Side, keys: readonly string[], call: Call, whole?: Whole): Promise<void> {
  return fetchAll(side, keys, undefined, call, whole);
}

/** Changes how far it is, unless another round has begun. */
async function advance({ rows }: Side, change: (progress: Progress) => Progress, round?: number): Promise<Progress> {
  let progress!: Progress;
  await rows.change([], [progressRow], ({ others: [row] }) => {
    const now: Progress = toJson(row) ?? { round: 0 };
    if (round !== undefined && now.round !== round) throw outrun;
    progress = change(now);
    return { records: [], others: [fromJson(progress)] };
  });
  return progress;
}

async function fetchAll(
  side: Side,
  keys: readonly string[],
  round: number | undefined,
  call: Call,
  whole?: Whole,
): Promise<void> {
  for (const part of portions(keys.filter(isRecordKey))) await fetchPart(side, part, round, call, whole);
}

/** Reads keys from the other side, and takes over what has not become known here by another way meanwhile. */
async function fetchPart(
  side: Side,
  keys: readonly string[],
  round: number | undefined,
  call: Call,
  whole?: Whole,
): Promise<void> {
  const { link, rows, word } = side;
  for (let wanted = keys; wanted.length;) {
    const most = await rows.room();
    const [before, identity] = await Promise.all([rows.read(wanted), rows.readJson<unknown>(identityRow)]);
    const found = await readAll(
      link,
      wanted.map((key, index) => {
        const record = before[index]!;
        const isWhole = whole ?? needsValue(record);
        return isWhole ? [key, record.confirmed?.value && record.confirmed.tag] : [key, record.confirmed?.tag, most];
      }),
      call,
    );
    if (whole)
      wanted.forEach((key, index) => {
        const there = found[index];
        whole.set(key, there && { ...there, value: there.value ?? before[index]!.confirmed?.value });
      });
    let again: string[] = [];
    // Of what is nowhere there is nothing to change: what has expired here is left to a sweep, which counts it.
    const places = wanted.flatMap((_, index) => (found[index] || before[index] !== blank ? [index] : []));
    const changed = places.map((index) => wanted[index]!);
    await rows.change(changed, [identityRow, progressRow], ({ records, others: [who, progress] }) => {
      if (round !== undefined && toJson(progress)?.round !== round) throw outrun;
      again = [];
      // Of what nothing is known here, something may have been known meanwhile: then somebody was heard of it.
      const isQuiet = JSON.stringify(toJson(who)) === JSON.stringify(identity);
      return {
        records: records.map((record, place) => {
          const index = places[place]!;
          const there = found[index];
          const isShort = needsValue(record) && there && !there.value && !isSame(there, record.confirmed);
          if (isShort || record.n !== before[index]!.n || (!record.n && !isQuiet)) {
            again.push(wanted[index]!);
            return record;
          }
          return confirm(record, there, word, call);
        }),
      };
    });
    wanted = again;
  }
}

const isSame = (a: Remote, b: Remote | undefined): boolean => a.tag === b?.tag;

function confirm(record: Record, found: Remote | undefined, word: () => string, { now }: Call): Record {
  const { confirmed } = record;
  // What is on its way may be in what was found or not. It is settled with what is asked for then.
  if (record.pending[0]?.isSent) return { ...record, n: word() };
  const there = live(found, now);
  if (!there && !confirmed && !record.pending[0]) return record;
  if (there && confirmed && isSame(there, confirmed)) {
    const isKnown = isSameTime(there, confirmed);
    if (isKnown && (confirmed.value || !there.value)) return record;
    const value = confirmed.value ?? there.value;
    return { ...record, n: isKnown ? record.n : word(), confirmed: { ...there, value } };
  }
  return { ...record, n: word(), confirmed: there, pending: there ? record.pending.map(renewed) : record.pending };
}

/** Compares all there is on the other side, where that can be listed, with what is here, page by page, and takes over what differs. */
async function compare(side: Side, { round, listing }: Progress, call: Call): Promise<void> {
  const { list } = side.link;
  const there = new Set<string>();
  let cursor = list && listing!.cursor;
  // Without a listing only what was asked for once is known, and kept up to date.
  while (list) {
    const page = await list({ limit: portion, cursor }, call);
    const entries = page.entries.filter(({ key }) => isRecordKey(key));
    const here = await side.rows.read(entries.map(({ key }) => key));
    const differing = entries.flatMap((entry, index) => {
      const { key, tag } = entry;
      there.add(key);
      const { confirmed, pending } = here[index]!;
      return pending[0] || confirmed?.tag !== tag || !isSameTime(confirmed, entry) ? key : [];
    });
    await fetchAll(side, differing, round, call);
    ({ cursor } = page);
    if (cursor === undefined) break;
    // What is the same costs no write: whoever is cut off looks at it once more.
    if (differing[0]) await advance(side, (progress) => ({ ...progress, listing: { cursor } }), round);
  }
  // What is only here is there no more, or came since.
  const here = await side.keys(call);
  await fetchAll(
    side,
    here.filter((key) => !there.has(key)),
    round,
    call,
  );
  await advance(side, (progress) => ({ ...progress, listing: undefined, ...(list && { isComplete: true }) }), round);
}
