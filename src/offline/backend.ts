import { UNCHANGED, type Call, type CompleteBackend, type Decision, type Entry, type Page, type Store } from "../core/contract.ts"; // prettier-ignore
import type { Hub } from "../core/hub.ts";
import { sweeperOf } from "../core/sweeperOf.ts";
import { decodeLoosely, encodeText } from "../core/utf8.ts";
import { add, isPast } from "../core/value.ts";
import { enqueueDelta, enqueueWrite } from "./enqueue.ts";
import type { Progress } from "./pull.ts";
import { blank, decisionOf, isDue, isWrite, lasting, readRecord, visible, type Record } from "./record.ts";
import { checkRecordKey, marks, progressRow, records as recordPrefix, type Rows } from "./rows.ts";

/** What an offline store is made of. */
export interface Parts {
  readonly local: Store;
  readonly rows: Rows;
  readonly word: () => string;
  readonly hub: Promise<Hub>;
  readonly keepsBefore: boolean;
  /** The decisions that writes stand for which wait, by their ids. */
  readonly decisions: Map<string, readonly Decision[]>;
  /** Reads keys from the other side and takes them over. */
  fetch(keys: readonly string[], call: Call): Promise<void>;
  /** Has all there is on the other side known here. */
  complete(call: Call): Promise<void>;
  /** Refuses what would be too much to keep. */
  admit(count: number, bytes: number): void;
  flush(call: Call): Promise<void>;
  close(): Promise<void>;
}

// How many records are changed in one step where a call need not be one, and how many decisions are kept for one key.
const portion = 400;
const mostDecisions = 100;

/** Returns the backend of an offline store: every call is one of the local store, but for what is not known there yet. */
export function createBackend(parts: Parts): CompleteBackend {
  const { local, rows, word, decisions, fetch, complete, admit } = parts;

  /** Reads what is known of keys, once it is known whether there is anything. */
  async function read(keys: readonly string[], call: Call): Promise<readonly Record[]> {
    keys.forEach(checkRecordKey);
    const { signal } = call;
    const rowKeys = keys.map((key) => recordPrefix + key);
    const found = await local.findMany([...rowKeys, progressRow], { signal });
    const isComplete = !!found.at(-1) && (JSON.parse(decodeLoosely(found.at(-1)!)) as Progress).isComplete;
    const records = keys.map((_, index) => toRecord(found[index]));
    const unknown = keys.filter((_, index) => records[index] === blank);
    if (isComplete || !unknown[0]) return records;
    await fetch(unknown, call);
    return rows.read(keys, { signal });
  }

  async function get(key: string, call: Call): Promise<Entry | undefined> {
    checkRecordKey(key);
    const row = await local.find(recordPrefix + key, call.signal && { signal: call.signal });
    const [record] = row ? [toRecord(row)] : await read([key], call);
    return lasting(record!) as Entry | undefined;
  }

  /** Changes records as a caller wants it: `decide` returns what of a key is to wait, or nothing. */
  async function enqueue(
    keys: readonly string[],
    decide: (records: readonly Record[], seen: readonly (Entry | undefined)[]) => readonly (Record["pending"] | undefined)[], // prettier-ignore
    call: Call,
  ): Promise<void> {
    const { signal } = call;
    await rows.change(
      keys,
      [],
      ({ records }) => {
        const seen = records.map((record) => visible(record, call.now) as Entry | undefined);
        const pending = decide(records, seen);
        return { records: records.map((record, index) => pending[index] && { ...record, pending: pending[index] }) };
      },
      true,
      { signal },
    );
  }

  /** Returns what waits after a write. */
  function write(record: Record, entry: Entry | undefined, id: string, isDecision: boolean): Record["pending"] {
    const { value, expiresAt = Infinity } = entry ?? {};
    return enqueueWrite(record, { id, value, expiresAt, isDecision, keepsBefore: parts.keepsBefore });
  }

  /** Remembers what a decision that waits was made by. */
  function remember(record: Record, id: string, decide: Decision): void {
    const last = record.pending.at(-1);
    // Over what is written whatever is there, it is that itself.
    if (isWrite(last) && !last.steps) return;
    const before = last ? (decisions.get(last.id) ?? (isWrite(last) ? undefined : [decisionOf(last)])) : [];
    if (last && !last.isSent) decisions.delete(last.id);
    if (before && before.length < mostDecisions) decisions.set(id, [...before, decide]);
  }

  async function mutateMany(
    keys: readonly string[],
    decide: (found: readonly (Entry | undefined)[]) => readonly (Entry | undefined | typeof UNCHANGED)[],
    call: Call,
    rerun?: Decision,
  ): Promise<void> {
    await read(keys, call);
    const ids = keys.map(word);
    let before: Record | undefined;
    await enqueue(
      keys,
      (records, seen) => {
        before = undefined;
        const chosen = decide(seen);
        return records.map((record, index) => {
          const next = chosen[index];
          if (next === UNCHANGED || (!next && !seen[index])) return undefined;
          before = record;
          return write(record, next, ids[index]!, true);
        });
      },
      call,
    );
    if (rerun && before) remember(before, ids[0]!, rerun);
  }

  async function deleteSome(keys: readonly string[], call: Call): Promise<number> {
    let count = 0;
    for (let at = 0; at < keys.length; at += portion) {
      const part = keys.slice(at, at + portion);
      await read(part, call);
      let some = 0;
      await enqueue(
        part,
        (records, seen) => {
          some = seen.filter((entry) => entry).length;
          return records.map((record, index) => (seen[index] ? write(record, undefined, word(), false) : undefined));
        },
        call,
      );
      count += some;
    }
    return count;
  }

  /** Lists the keys under marks: those of which something waits. */
  async function readMarked(call: Pick<Call, "signal">, prefix = ""): Promise<Map<string, Record>> {
    const { signal } = call;
    const keys: string[] = [];
    for await (const { value } of local.entries({ prefix: marks, signal })) keys.push(decodeLoosely(value));
    const marked = new Map<string, Record>();
    for (let at = 0; at < keys.length; at += portion) {
      const part = keys.slice(at, at + portion);
      const found = await rows.read(part, { signal });
      part.forEach((key, index) => key.startsWith(prefix) && marked.set(key, found[index]!));
    }
    return marked;
  }

  async function list(
    { prefix, limit, cursor }: { prefix: string; limit: number; cursor?: string | undefined },
    call: Call,
  ): Promise<Page> {
    await complete(call);
    const { signal } = call;
    // What waits when it begins, and what does when the page is there: else a deadline or an end could be of neither.
    const before = await readMarked(call);
    const page = await local.list({ prefix: recordPrefix + prefix, limit, cursor, signal });
    const marked = new Map([...before, ...(await readMarked(call))]);
    const entries = page.entries.flatMap(({ key: row, expiresAt }) => {
      const key = row.slice(recordPrefix.length);
      const record = marked.get(key);
      if (!record) return [{ key, expiresAt }];
      const seen = visible(record, call.now);
      return seen ? [{ key, expiresAt: seen.expiresAt, size: seen.value?.length }] : [];
    });
    return { ...page, entries };
  }

  /** Notes and reports the ends of what waits under keys with a prefix, removes what else has expired, and counts all that. */
  async function sweepWithin({ prefix }: { prefix: string }, call: Call): Promise<number> {
    const { signal } = call;
    for (const [key, found] of await readMarked(call, prefix)) {
      if (isDue(found, call.now)) await rows.change([key], [], () => ({ records: [] }));
    }
    const sweep = sweeperOf(local);
    const swept = await (sweep ? sweep(recordPrefix + prefix, { signal }) : local.sweep({ signal }));
    // What the local store reports is passed on by a reader of its watch, which comes to it now.
    await new Promise((resolve) => setTimeout(resolve));
    return rows.countEnds(prefix) + swept;
  }

  /** Returns when the next of what waits ends, of those whose end was not noted. */
  async function soonest(): Promise<number> {
    let next = Infinity;
    for (const record of (await readMarked({})).values())
      next = Math.min(next, (record.pending[0] && lasting(record)?.expiresAt) ?? Infinity);
    return next;
  }

  return {
    returnsCopies: true,
    isPersistent: () => local.isPersistent(),
    get,
    getMany: async (keys, call) => (await read(keys, call)).map((record) => lasting(record) as Entry | undefined),
    async set(key, entry, call) {
      checkRecordKey(key);
      admit(1, entry.value.length);
      await enqueue([key], ([record]) => [write(record!, entry, word(), false)], call);
    },
    async setMany(items, call) {
      for (const [key] of items) checkRecordKey(key);
      admit(
        items.length,
        items.reduce((sum, [, { value }]) => sum + value.length, 0),
      );
      for (let at = 0; at < items.length; at += portion) {
        const part = items.slice(at, at + portion);
        await enqueue(
          part.map(([key]) => key),
          (records) => records.map((record, index) => write(record, part[index]![1], word(), false)),
          call,
        );
      }
    },
    delete: async (key, call) => (await deleteSome([key], call)) > 0,
    deleteMany: deleteSome,
    mutate: (key, decide, call) => mutateMany([key], ([found]) => [decide(found)], call, decide),
    mutateMany,
    async increment(key, by, expiresAt, call) {
      await read([key], call);
      const id = word();
      let sum = 0;
      await enqueue(
        [key],
        ([record], [seen]) => {
          sum = add(seen?.value, by, key);
          const after = { value: encodeText(`${sum}`), expiresAt: seen?.expiresAt ?? expiresAt };
          return [enqueueDelta(record!, { id, by, born: expiresAt }, after)];
        },
        call,
      );
      return sum;
    },
    async touch(key, expiresAt, call) {
      await read([key], call);
      const id = word();
      let isThere = false;
      await enqueue(
        [key],
        ([record], [seen]) => {
          isThere = !!seen;
          if (!seen) return [undefined];
          const after = { ...seen, expiresAt };
          return [
            isPast(after, call.now)
              ? write(record!, after, id, false)
              : enqueueDelta(record!, { id, until: expiresAt }, after),
          ];
        },
        call,
      );
      return isThere;
    },
    list,
    async clear({ prefix }, call) {
      let cursor: string | undefined;
      do {
        const page = await list({ prefix, limit: 1000, cursor }, call);
        await deleteSome(
          page.entries.map(({ key }) => key),
          call,
        );
        ({ cursor } = page);
      } while (cursor !== undefined);
    },
    sweep: (call) => sweepWithin({ prefix: "" }, call),
    sweepWithin,
    soonest,
    async watch({ prefix }, observer) {
      const hub = await parts.hub;
      const stop = hub.watch(observer);
      const changes = local.watch({ prefix: recordPrefix + prefix, unref: true });
      const follow = async (): Promise<void> => {
        for await (const change of changes) {
          if (change.type === "resync") observer.resync();
          else if (change.type === "expire")
            observer.changed({ ...change, key: change.key.slice(recordPrefix.length) });
        }
      };
      follow().catch(observer.failed);
      // What is asked of a store after a watch waits until that has begun.
      await local.findMany([]);
      return () => {
        stop();
        void changes.return!().catch(() => {});
      };
    },
    flush: parts.flush,
    close: parts.close,
  };
}

function toRecord(row: Uint8Array | undefined): Record {
  return readRecord(row && { value: row, expiresAt: Infinity });
}
