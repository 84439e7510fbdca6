import type { Call, Entry, NewEntry } from "../core/contract.ts";
import { isStoreError, StoreError } from "../core/error.ts";
import { FORGOTTEN, type Link, type Operation, type Outcome, type Remote } from "../core/link.ts";
import { equalBytes, isPast } from "../core/value.ts";
import type { Identity, Item } from "./identity.ts";
import { readAll } from "./readAll.ts";
import { isWrite, type Record, type Slot } from "./record.ts";
import { fromJson, identityRow, kept, marks, type Rows, toJson } from "./rows.ts";
import { settle, type Court, type Report, type Verdict } from "./settle.ts";

// How many slots are on their way at most: each may take four rows of the thousand of one step.
const most = 200;
// What a key, its tag and numbers take of a push besides its value: bytes.
const lineRoom = 1500;

/** What a push has come to: nothing was waiting, something was done, or what is left is to be tried later. */
export type Pushed = "idle" | "done" | "later";

/** A report with where it is kept and what it is about. */
export interface KeptReport extends Report {
  readonly id: string;
  readonly key: string;
  readonly at: number;
}

/** What brings to the other side what waits here. */
export interface Pusher {
  /** Pushes what is on its way, or else the next that waits. */
  push(call: Call): Promise<Pushed>;
  /** Asks the other side who this is to it, unless that is known, and resolves with it. Rejects `unauthorized` for another one. */
  greet(call: Call, isNew?: boolean): Promise<Identity>;
}

export interface PusherOptions {
  readonly link: Link;
  readonly rows: Rows;
  readonly word: () => string;
  readonly court: Omit<Court, "n" | "now">;
  /** Lists marks, those that have waited longest first. */
  listMarks(limit: number, call: Call): Promise<readonly (readonly [mark: string, key: string])[]>;
  writeReport(report: KeptReport): NewEntry;
  /** Called with the slots that are gone, and what there is to report. */
  settled(ids: readonly string[], reports: readonly KeptReport[]): void;
}

export function createPusher(options: PusherOptions): Pusher {
  const { link, rows, word, court, listMarks, writeReport, settled } = options;

  async function greet(call: Call, isNew?: boolean): Promise<Identity> {
    const known = await rows.readJson<Identity>(identityRow, call);
    if (known?.name && !isNew) return known;
    const { name, scope, maxBytes, maxItems } = await link.greet(call);
    if (known && known.scope !== scope) throw otherAccount();
    let identity: Identity = { name, scope, sequence: 0, maxBytes, maxItems };
    await rows.change([], [identityRow], ({ others: [row] }) => {
      const now: Identity | undefined = toJson(row);
      if (now && (now.name !== known?.name || now.batch)) {
        identity = now;
        return undefined;
      }
      return { records: [], others: [fromJson(identity)] };
    });
    return identity;
  }

  /** Puts together what has waited longest, as much as the other side takes at once. */
  async function form(identity: Identity, call: Call): Promise<Identity | "idle" | "outrun"> {
    const { maxBytes, maxItems } = identity;
    const waiting = await listMarks(Math.min(most, Math.ceil(maxItems / 2)), call);
    if (!waiting[0]) return "idle";
    const keys = [...new Set(waiting.map(([, key]) => key))];
    const markRows = waiting.map(([mark]) => marks + mark);
    let formed: Identity | undefined;
    const isDone = await rows.change(keys, [identityRow, ...markRows], ({ records, others: [row, ...found] }) => {
      const now: Identity | undefined = toJson(row);
      if (now?.name !== identity.name || now.sequence !== identity.sequence || now.batch) return undefined;
      let bytes = 0;
      const items: Item[] = [];
      const after = records.map((record, index): Record => {
        const [slot, ...rest] = record.pending;
        const size = isWrite(slot) ? (slot.value?.length ?? 0) : 0;
        if (!slot || !record.mark || (items[0] && bytes + size + lineRoom > maxBytes)) return record;
        bytes += size + lineRoom;
        items.push([keys[index]!, record.mark, slot.id, record.n]);
        return { ...record, pending: [{ ...slot, isSent: true }, ...rest] };
      });
      const isMoot = (mark: string): boolean => !records.some((record) => record.pending[0] && record.mark === mark);
      const left = waiting.map(([mark], index) => (isMoot(mark) ? undefined : found[index]));
      formed = { ...now, ...(items[0] && { sequence: now.sequence + 1, batch: { nonce: word(), items } }) };
      return { records: after, others: [fromJson(formed), ...left] };
    });
    return isDone && formed?.batch ? formed : "outrun";
  }

  /** Unmarks a part of what was on its way, which did not go: none of it, and the number is free. */
  async function split(identity: Identity, call: Call): Promise<void> {
    const { items } = identity.batch!;
    const stays = items.slice(0, items.length >> 1);
    const goes = items.slice(stays.length);
    await rows.change(
      goes.map(([key]) => key),
      [identityRow],
      ({ records, others: [row] }) => {
        if (!isSameBatch(toJson(row), identity)) return undefined;
        return {
          records: records.map((record) => {
            const [slot, ...rest] = record.pending as [Slot];
            return { ...record, pending: [{ ...slot, isSent: false }, ...rest] };
          }),
          others: [fromJson({ ...identity, batch: { nonce: word(), items: stays } })],
        };
      },
      false,
      call,
    );
  }

  async function push(call: Call): Promise<Pushed> {
    let identity = await greet(call);
    if (!identity.batch) {
      const formed = await form(identity, call);
      if (formed === "idle") return formed;
      if (formed === "outrun") return "done";
      identity = formed;
    }
    const { name, sequence, batch } = identity;
    const { nonce, items } = batch!;
    const records = await rows.read(items.map(([key]) => key));
    // Somebody else has settled it meanwhile.
    if (items.some(([, , id], index) => records[index]!.pending[0]?.id !== id)) return "done";
    const parts = items.map(([key], index) => operationsOf(key, records[index]!.pending[0]!, call));
    let outcomes: readonly Outcome[] | typeof FORGOTTEN;
    try {
      outcomes = await link.push({ name, sequence, nonce, operations: parts.flat() }, call);
    } catch (error) {
      if (!isStoreError(error) || /^(unavailable|closed|conflict|unauthorized)$/.test(error.code)) throw error;
      if (items[1]) {
        await split(identity, call);
        return "done";
      }
      outcomes = parts.flat().map(() => ({ isDone: false, error }));
    }
    if (outcomes === FORGOTTEN) {
      // Nobody else's part may be looked at in place of what is not known here.
      const { scope } = await link.greet(call);
      if (scope !== identity.scope) throw otherAccount();
      return settleAll(identity, await look(items, records, call), call, true);
    }
    let at = 0;
    const verdicts = parts.map((part): Verdict => {
      const both = (outcomes as readonly Outcome[]).slice(at, (at += part.length));
      return both.find(({ error }) => error) ?? both.at(-1)!;
    });
    const refused = verdicts.filter(({ error }) => isStoreError(error, "unauthorized"));
    // Where nothing passes it is not about this.
    if (refused[0] && refused.length === verdicts.length) throw refused[0].error!;
    return settleAll(
      identity,
      verdicts.map((verdict) => (verdict.error && !isForGood(verdict.error) ? { ...verdict, isLater: true } : verdict)),
      call,
    );
  }

  /** Finds out what became of what nobody remembers: what is there as it was wished for is done. */
  async function look(items: readonly Item[], records: readonly Record[], call: Call): Promise<Verdict[]> {
    const found = await readAll(
      link,
      items.map(([key]) => [key, undefined]),
      call,
    );
    return items.map((_, index): Verdict => {
      const slot = records[index]!.pending[0]!;
      const now = found[index];
      if (isWrite(slot)) {
        const value = isPast(slot, call.now) ? undefined : slot.value;
        const isDone = !now === !value && equalBytes(now?.value, value);
        return isDone ? { isDone, now } : { isDone, now, isUncertain: true };
      }
      return slot.by === undefined ? { isDone: false, isLater: true } : { isDone: false, now, isUncertain: true };
    });
  }

  /** Settles all that was on its way in one step, as far as nobody else has. */
  async function settleAll(
    identity: Identity,
    verdicts: readonly Verdict[],
    call: Call,
    isForgotten = false,
  ): Promise<Pushed> {
    const { items } = identity.batch!;
    const keys = items.map(([key]) => key);
    const markRows = items.map(([, mark]) => marks + mark);
    const ids = items.flatMap(() => [word(), word()]);
    // What was confirmed when it was asked for, and what is to be asked for once more.
    const seen = items.map(([, , , n]) => n);
    const settling = [...verdicts];
    let isLater = false;
    for (;;) {
      const records = await rows.read(keys);
      const stale = items.flatMap(([, , id], index) => {
        const { pending, n, confirmed } = records[index]!;
        const { error, isLater, isDone, now } = settling[index]!;
        if (pending[0]?.id !== id || error || isLater) return [];
        // An answer that came before what is known by now may be older.
        if (n !== seen[index]) return [index];
        // What is there is only named, and not known.
        const isKnown = !now || now.value || now.tag === confirmed?.tag || (isDone && isWrite(pending[0]));
        return isKnown ? [] : [index];
      });
      if (stale[0] !== undefined) {
        const found = await readAll(
          link,
          stale.map((index) => [keys[index]!, undefined]),
          call,
        );
        stale.forEach((index, at) => {
          seen[index] = records[index]!.n;
          settling[index] = { ...settling[index]!, now: found[at] };
        });
      }
      let reports: KeptReport[] = [];
      let gone: string[] = [];
      let isOutrun = false;
      isLater = false;
      const isDone = await rows.change(
        keys,
        [identityRow, ...markRows, ...ids.map((id) => kept + id)],
        ({ records, others: [row, ...found] }) => {
          reports = [];
          gone = [];
          isOutrun = isLater = false;
          if (!isSameBatch(toJson(row), identity)) return undefined;
          const left: (NewEntry | Entry | undefined)[] = found.slice(0, items.length);
          const after = records.map((record, index) => {
            let verdict = settling[index]!;
            if (!verdict.error && !verdict.isLater && record.n !== seen[index]) isOutrun = true;
            const slot = record.pending[0]!;
            verdict = { ...verdict, now: knownOf(verdict, slot, record, call) };
            const [next, about] = settle(keys[index]!, record, verdict, { ...court, now: call.now, n: word() });
            about.forEach((report, at) =>
              reports.push({ ...report, id: ids[2 * index + at]!, key: keys[index]!, at: call.now() }),
            );
            if (verdict.isLater) isLater = true;
            if (!next.pending.some(({ id }) => id === slot.id)) gone.push(slot.id);
            if (!next.pending[0]) left[index] = undefined;
            return next;
          });
          if (isOutrun) return undefined;
          const { batch, ...rest } = identity;
          const next = isForgotten ? { ...rest, name: "", sequence: 0 } : rest;
          const keptRows = ids.map((id) => {
            const report = reports.find((report) => report.id === id);
            return report && writeReport(report);
          });
          return { records: after, others: [fromJson(next), ...left, ...keptRows] };
        },
      );
      if (isOutrun) continue;
      if (isDone) settled(gone, reports);
      return isLater ? "later" : "done";
    }
  }

  return { push, greet };
}

/** What is there now, as far as it is known: the value of a write that was done is the one that was sent. */
function knownOf(
  { isDone, now }: Verdict,
  slot: Slot,
  { confirmed }: Record,
  { now: clock }: Call,
): Remote | undefined {
  if (!now || now.value) return now;
  if (isDone && isWrite(slot)) {
    const { value, expiresAt } = slot;
    return value && !isPast(slot, clock) ? { value, expiresAt, tag: now.tag } : undefined;
  }
  return now.tag === confirmed?.tag ? { ...now, value: confirmed.value } : now;
}

function operationsOf(key: string, slot: Slot, { now }: Call): Operation[] {
  if (isWrite(slot)) {
    const { base: tag, expiresAt, value } = slot;
    return [{ kind: "write", key, value: isPast(slot, now) ? undefined : value, tag, expiresAt }];
  }
  const { by, born = Infinity, until } = slot;
  return [
    ...(by === undefined ? [] : [{ kind: "add", key, by, expiresAt: born } as const]),
    ...(until === undefined ? [] : [{ kind: "touch", key, expiresAt: until } as const]),
  ];
}

/** Whether asking again would not help. */
function isForGood({ code }: StoreError): boolean {
  return !/^(unavailable|closed|conflict|quota-exceeded)$/.test(code);
}

function isSameBatch(found: Identity | undefined, { name, sequence, batch }: Identity): boolean {
  return found?.name === name && found.sequence === sequence && found.batch?.nonce === batch!.nonce;
}

const strangers = /* @__PURE__ */ new WeakSet<object>();

function otherAccount(): StoreError {
  const expected = "expected the one that this local store is of";
  const error = new StoreError("unauthorized", `Remote shows the data of another account: ${expected}`);
  strangers.add(error);
  return error;
}

/** Whether an error is that the other side shows the data of another account. */
export function isOtherAccount(error: unknown): boolean {
  return strangers.has(error as object);
}
