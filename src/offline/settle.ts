import { UNCHANGED, type Decision, type Entry } from "../core/contract.ts";
import type { StoreError } from "../core/error.ts";
import type { Outcome } from "../core/link.ts";
import { encodeText } from "../core/utf8.ts";
import { equalBytes, isPast, live } from "../core/value.ts";
import { enqueueDelta } from "./enqueue.ts";
import { change, hasEnded, isWrite, renewed, type Record, type Slot, type Visible, type Write } from "./record.ts";

/** What was not as the caller had wished, and is kept for whoever wants to know. */
export interface Report {
  readonly kind: "overwrote" | "lost" | "refused" | "uncertain";
  readonly mine?: Uint8Array | undefined;
  /** Whether `mine` is no value, but the difference that was to be added. */
  readonly difference?: true | undefined;
  readonly theirs?: Uint8Array | undefined;
  readonly base?: Uint8Array | undefined;
  readonly error?: StoreError | undefined;
}

/** Makes one value of two. Throws for "theirs". */
export type Merge = (conflict: {
  readonly key: string;
  readonly base: Uint8Array | undefined;
  readonly mine: Uint8Array | undefined;
  readonly theirs: Uint8Array | undefined;
}) => Uint8Array | undefined;

/** What a record is settled with. */
export interface Court {
  now(): number;
  /** A word for what is confirmed now. */
  readonly n: string;
  readonly merge?: Merge | undefined;
  /** Whether there is no room for what was overwritten. */
  readonly isTight?: boolean | undefined;
  /** Returns the decisions that a write stands for, as far as they are at hand. */
  decisions(id: string): readonly Decision[];
}

/** What became of the operation that was on its way. */
export interface Verdict extends Outcome {
  /** It is to be tried again later. */
  readonly isLater?: boolean | undefined;
}

/** Returns a record after the operation of its first slot is over, and what there is to report. */
export function settle(
  key: string,
  record: Record,
  verdict: Verdict,
  court: Court,
): [record: Record, reports: Report[]] {
  const [slot, next] = record.pending as [Slot, Slot?];
  const { now: confirmed, isDone, isUncertain, error, isLater } = verdict;
  const isNew = confirmed?.tag !== record.confirmed?.tag && live(confirmed, court.now);
  const reports: Report[] = [];
  const pending: Slot[] = [];
  function keep(slot: Slot | undefined): void {
    if (slot) pending.push(isNew ? renewed(slot) : slot);
  }

  /** What becomes of a write that did not know of what is there. */
  function collide(write: Write): Write | undefined {
    const { value, before, steps, id } = write;
    const found = live(confirmed, court.now);
    const [mine, other] = [value, found?.value];
    const base = { base: found?.tag, before: court.merge && other };
    // What has ended has nothing to say any more.
    if ((value || write.isOver) && hasEnded(write, court.now)) return undefined;
    if (!mine === !found && equalBytes(mine, other)) {
      const isDone = found ? isSameTime(found, write) : !confirmed;
      // Whether something has ended there is not for the clock here to say.
      return isDone ? undefined : { ...write, ...base, over: undefined };
    }
    const decisions = steps ? court.decisions(id).slice(-steps) : [];
    function lose(cause?: unknown): undefined {
      const report: Report = { kind: "lost", mine, theirs: other, base: before };
      reports.push(cause === undefined ? report : { ...report, error: cause as StoreError });
    }
    if (steps && decisions.length === steps) {
      try {
        let entry = found as Entry | undefined;
        for (const decide of decisions) {
          const chosen = decide(entry);
          // A deadline that has passed puts an end to nothing newer.
          if (chosen !== UNCHANGED && !(chosen && isPast(chosen, court.now))) entry = chosen;
        }
        if (entry === found) return undefined;
        return { ...write, ...base, value: entry?.value, expiresAt: entry?.expiresAt ?? Infinity };
      } catch (cause) {
        return lose(cause);
      }
    }
    if (court.merge) {
      try {
        const merged = court.merge({ key, base: before, mine, theirs: other });
        return { ...write, ...base, value: merged, expiresAt: mine ? write.expiresAt : (found?.expiresAt ?? Infinity) };
      } catch (cause) {
        return lose(cause);
      }
    }
    return steps ? lose() : { ...write, ...base, over: other };
  }

  /** Puts the slot after the first in its place, over what is there now, if that is what it was decided on. */
  function follow(isExpected: boolean, steps: number): void {
    if (!isWrite(next)) return keep(next);
    const base = { base: confirmed?.tag, before: court.merge && confirmed?.value };
    // What has come to be is not to be decided again.
    const rest = { ...next, steps: Math.max(0, next.steps - steps) };
    if (isExpected) keep({ ...rest, ...base });
    // Without room it collides later, with whatever is there: nothing has this tag.
    else keep(court.isTight ? { ...rest, base: "" } : collide(rest));
  }

  // Over what was there before, what was to be there in any case still goes, and what has ended still removes it.
  const isUnchanged = isWrite(next) && (!next.steps || hasEnded(next, court.now)) && next.base === confirmed?.tag;
  if (slot.isDropped) follow(isWrite(next) && next.base === confirmed?.tag, 0);
  else if (isLater) {
    keep({ ...slot, isSent: false });
    keep(next);
  } else if (error) {
    reports.push(reportOf(slot, { kind: "refused", theirs: confirmed?.value, error }));
    follow(isUnchanged, 0);
  } else if (isDone || !isWrite(slot)) {
    if (isWrite(slot) && slot.over && !isUncertain)
      reports.push({ kind: "overwrote", mine: slot.value, theirs: slot.over });
    if (isUncertain && !isWrite(slot) && slot.by !== undefined)
      reports.push(reportOf(slot, { kind: "uncertain", theirs: confirmed?.value }));
    const seen: Visible | undefined = isWrite(slot) ? slot : change(record.confirmed, slot);
    const predicted = seen && (confirmed || !isPast(seen, court.now)) ? seen : undefined;
    // A change of what nobody had seen then is not what it was decided on, even as it was foreseen lately.
    const isSeen = isWrite(slot) || (isWrite(next) && next.base === record.confirmed?.tag);
    follow(isUnchanged || (isSeen && isSameValue(predicted, confirmed)), isWrite(slot) ? slot.steps : 1);
  } else if (isWrite(next)) {
    // Moot: only what came after it counts, but for what it may have gone over.
    if (isUncertain && slot.over) reports.push(reportOf(slot, { kind: "uncertain", theirs: slot.over }));
    follow(next.base === confirmed?.tag, 0);
  } else if (isUncertain) {
    reports.push({ kind: "uncertain", mine: slot.value, theirs: confirmed?.value, base: slot.before });
    keep(next);
  } else {
    keep(collide({ ...slot, isSent: false }));
    keep(next);
  }
  return [{ ...record, confirmed, n: court.n, pending: folded(pending, court) }, reports];
}

// Deadlines that travel as what is left of them are never quite the same afterwards: ms.
const slack = 1000;

/** Whether two deadlines are one. */
export function isSameTime(a: { readonly expiresAt: number }, b: { readonly expiresAt: number }): boolean {
  return a.expiresAt === b.expiresAt || Math.abs(a.expiresAt - b.expiresAt) < slack;
}

interface Named {
  readonly value?: Uint8Array | undefined;
  readonly tag?: string | undefined;
}

/** Whether two are one value, or both nothing: by their bytes, or else by their names. */
export function isSameValue(a: Named | undefined, b: Named | undefined): boolean {
  if (a?.value && b?.value) return equalBytes(a.value, b.value);
  return a?.tag === b?.tag && (a?.tag !== undefined || !a?.value === !b?.value);
}

function reportOf(slot: Slot, rest: Report): Report {
  if (isWrite(slot)) return { ...rest, mine: slot.value };
  return slot.by === undefined ? rest : { ...rest, mine: encodeText(`${slot.by}`), difference: true };
}

/** Makes one of two that wait, neither of which is on its way any more. */
function folded(pending: readonly Slot[], { now }: Court): readonly Slot[] {
  const [first, second] = pending;
  if (!first || !second) return pending;
  if (isWrite(second)) {
    if (!isWrite(first)) return [second];
    const { base, before, over } = first;
    return [{ ...second, base, before, over }];
  }
  const seen = isWrite(first) && first.value && !hasEnded(first, now) ? (first as Visible) : undefined;
  const after = change(seen, second);
  return isWrite(first) && !after ? [first] : enqueueDelta({ pending: [first] }, second, after);
}
