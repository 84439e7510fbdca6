import type { Change, Entry, NewEntry } from "../../../src/core/contract.ts";
import type { KeyChange } from "../../../src/core/keyChange.ts";
import { decodeLoosely } from "../../../src/core/utf8.ts";
import { unframe } from "../../../src/http/wire/frame.ts";
import { isDue, lasting, readRecord, visible, type Record, type Visible } from "../../../src/offline/record.ts";
import { readMark } from "../../../src/offline/marks.ts";
import type { Deed } from "./deeds.ts";
import type { Ledger } from "./ledger.ts";
import type { Owner } from "./schedule.ts";

/** Something that is under way in a context. */
export interface Work {
  readonly what: string;
  /** Whether it is a call of a store, in which others may be done by the way. */
  readonly isCall: boolean;
  /** What it does to keys, each of which is acknowledged when it is over. */
  readonly deeds: Deed[];
  /** What is under way to keys in its context: what is called at once may be done together. */
  readonly all: ReadonlyMap<string, Deed>;
}

// What changes nothing that is seen, which may be reported or not.
const optional = new WeakSet<KeyChange>();

function mayMiss(change: KeyChange): KeyChange {
  optional.add(change);
  return change;
}

/** Whether a change may be reported or not. */
export function isOptional(change: KeyChange): boolean {
  return optional.has(change);
}

type Row = NewEntry | Entry | undefined;

/** Follows all that is written to the local store of a client. */
export interface Recorder {
  /** Nobody else writes until it ends. */
  begin(context: string, work: Work | undefined): void;
  /** Notes what became of rows, and returns that. */
  note<R extends Row>(
    keys: readonly string[],
    before: readonly (Entry | undefined)[],
    after: readonly R[],
  ): readonly R[];
  /** Returns what those are to hear who look. */
  end(): KeyChange[];
  /** How often something of a key was written here. */
  countOf(key: string): number;
  /** Whether all there is on the server has been known here once. */
  isComplete(): boolean;
  watch(prefix: string, owner: Owner, signal: AbortSignal | undefined): AsyncIterableIterator<Change>;
}

export interface RecorderWorld {
  readonly client: string;
  readonly now: () => number;
  readonly time: () => number;
  readonly ledger: Ledger;
  readonly say: (text: string) => void;
}

export function createRecorder({ client, now, ledger, say }: RecorderWorld): Recorder {
  const rows = new Map<string, Uint8Array>();
  const watches = new Set<(change: Change) => void>();
  const counts = new Map<string, number>();
  let changes: KeyChange[] = [];
  let work: Work | undefined;
  let context = "";

  // A value that is only on the server is named by its tag, which is its text.
  function text(seen: Visible | undefined): string | undefined {
    return seen?.value ? decodeLoosely(seen.value) : seen?.tag;
  }

  function noteRecord(key: string, before: Record, after: Record): void {
    counts.set(key, (counts.get(key) ?? 0) + 1);
    const [old, next] = [visible(before, now), visible(after, now)];
    const show = JSON.stringify(
      after.pending.map((slot) => ({ ...slot, value: "value" in slot && text(slot as Visible) })),
    );
    say(
      `${context}: ${key} ${text(old)} -> ${text(next)} until ${next?.expiresAt}, confirmed ${text(after.confirmed)} until ${after.confirmed?.expiresAt}, n ${after.n}, pending ${show} (${work?.what})`,
    );
    if (after.pending.length > 2) ledger.fail(`${client} has ${after.pending.length} slots of ${key}`);
    if (after.confirmed) ledger.knows(client, key, text(after.confirmed)!);
    const isLess = before.confirmed?.value && before.confirmed.tag === after.confirmed?.tag && !after.confirmed.value;
    if (isLess && after.pending.some((slot) => "by" in slot)) ledger.fail(`${client} adds to ${key}, which it gave up`);
    for (const seen of [text(old), text(next)]) if (seen !== undefined) ledger.knows(client, key, seen);
    if (isDue(before, now)) changes.push({ type: "expire", key });
    if (work?.what === "discard") ledger.discarded(client, key);
    const deed = work?.isCall && work.what !== "discard" ? work.all.get(key) : undefined;
    const isOwn = !!deed && before.pending !== after.pending && lastId(before) !== lastId(after);
    if (isOwn) ledger.committed(deed, text(old), text(lasting(after)));
    // What is over ended at its deadline, whoever has taken note of that.
    const last = lasting({ ...after, pending: after.pending.map((slot) => ({ ...slot, isOver: false })) });
    if (last) ledger.ends(client, key, text(last)!, last.expiresAt);
    ledger.seen(client, key, text(next), now());
    if (!next) {
      if (old) changes.push({ type: "delete", key });
      return;
    }
    const isSame =
      old &&
      text(old) === text(next) &&
      (old.expiresAt === next.expiresAt || Math.abs(old.expiresAt - next.expiresAt) < 1000);
    if (!isSame) changes.push({ type: "set", key });
    else if (isOwn) changes.push(mayMiss({ type: "set", key }));
  }

  function noteReport(row: Uint8Array): void {
    const [[{ key, kind }, , ...sizes], next] = unframe(row);
    const [mine, theirs] = sizes.map((size: number | null) => (size === null ? undefined : decodeLoosely(next(size))));
    say(`${context}: reports ${kind} of ${key}, mine ${mine}, theirs ${theirs}`);
    ledger.reported(client, key, { kind, mine, theirs });
  }

  return {
    begin(name, current) {
      [context, work, changes] = [name, current, []];
    },
    note(keys, before, after) {
      // Those of what was reported first, by which what comes back may do so.
      const order = keys
        .map((_, index) => index)
        .sort((a, b) => Number(keys[b]![0] === "x") - Number(keys[a]![0] === "x"));
      for (const index of order) {
        const [key, row] = [keys[index]!, after[index]];
        if (row === before[index] && row !== undefined) continue;
        const value = row?.value;
        if (value) rows.set(key, value);
        else rows.delete(key);
        if (!value && !before[index]) continue;
        for (const watch of watches) watch({ type: value ? "set" : "delete", key });
        if (key[0] === "x" && value) noteReport(value);
        if (key[0] === "d") noteRecord(key.slice(1), readRecord(before[index]?.value), readRecord(value));
        if (key === "i") say(`${context}: identity ${value && decodeLoosely(value)}`);
        if (key === "s") say(`${context}: progress ${value && decodeLoosely(value)}`);
      }
      for (const key of keys) {
        if (key[0] !== "d" || !rows.has(key)) continue;
        const { mark, pending } = readRecord(rows.get(key));
        const marked = rows.get(`o${mark}`);
        if (pending[0] && !(marked && readMark(marked).includes(key.slice(1))))
          ledger.fail(`${client} has no mark of ${key}`);
      }
      return after;
    },
    end: () => changes,
    countOf: (key) => counts.get(key) ?? 0,
    isComplete: () => !!rows.get("s") && !!JSON.parse(decodeLoosely(rows.get("s")!)).isComplete,
    watch(prefix, owner, signal) {
      const queue: Change[] = [];
      let wake = (): void => {};
      let isOver = false;
      const watch = (change: Change): void => {
        if (owner.isDead) watches.delete(watch);
        else if ("key" in change && change.key.startsWith(prefix)) {
          queue.push(change);
          wake();
        }
      };
      watches.add(watch);
      const iterator: AsyncIterableIterator<Change> = {
        [Symbol.asyncIterator]: () => iterator,
        async next() {
          while (!queue[0] && !isOver) await new Promise<void>((resolve) => (wake = resolve));
          return isOver ? { done: true, value: undefined } : { done: false, value: queue.shift()! };
        },
        async return() {
          isOver = true;
          watches.delete(watch);
          wake();
          return { done: true, value: undefined };
        },
      };
      signal?.addEventListener("abort", () => void iterator.return!());
      return iterator;
    },
  };
}

function lastId({ pending }: Record): string | undefined {
  return pending.at(-1)?.id;
}
