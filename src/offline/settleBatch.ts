import type { Call } from "../core/contract.ts";
import type { Remote } from "../core/link.ts";
import { isSameBatch, type Identity } from "./identity.ts";
import { writeConflict, type Conflict } from "./kept.ts";
import { readAll } from "./readAll.ts";
import { isWrite, withoutValue, writeRecord, type Slot, type Record, type Write } from "./record.ts";
import { fromJson, toJson } from "./json.ts";
import { identityRow, kept } from "./names.ts";
import { isSameTime, settle, type Verdict } from "./settle.ts";
import type { Side } from "./side.ts";

/** Settles all that was on its way in one step, as far as nobody else has. `next` is under which number it goes on. */
export async function settleBatch(
  { link, rows, word, court, settled }: Side,
  identity: Identity,
  verdicts: readonly Verdict[],
  call: Call,
  next: Pick<Identity, "name" | "sequence"> = identity,
): Promise<"done" | "later"> {
  const { items } = identity.batch!;
  const keys = items.map(([key]) => key);
  const ids = items.flatMap(() => [word(), word()]);
  // What was confirmed when it was asked for, and what is to be asked for once more.
  const seen = items.map(([, , , n]) => n);
  const settling = [...verdicts];
  const asked = new Set<number>();
  let isLater = false;
  for (;;) {
    const records = await rows.read(keys);
    const stale = items.flatMap(([, , id], index) => {
      const { pending, n, confirmed } = records[index]!;
      const { error, isLater, isDone, now } = settling[index]!;
      if (pending[0]?.id !== id) return [];
      // An answer that came before what is known by now may be older.
      if (n !== seen[index]) return [index];
      if (isLater) return [];
      // What was refused says nothing of what is there, and what was pulled meanwhile may not have been taken over.
      if (error) return asked.has(index) ? [] : [index];
      // What is there is only named, and not known.
      const isHere = now?.tag === confirmed?.tag && (confirmed?.value || isDone);
      const isKnown = !now || now.value || isHere || (isDone && isWrite(pending[0]));
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
        asked.add(index);
        settling[index] = { ...settling[index]!, now: found[at] };
      });
    }
    let reports: Conflict[] = [];
    let gone: string[] = [];
    let isOutrun = false;
    isLater = false;
    const isDone = await rows.change(
      keys,
      [identityRow, ...ids.map((id) => kept + id)],
      ({ records, others: [row], isTight }) => {
        reports = [];
        gone = [];
        isOutrun = isLater = false;
        if (!isSameBatch(toJson(row), identity)) return undefined;
        const after = records.map((record, index) => {
          let verdict = settling[index]!;
          if (record.n !== seen[index]) isOutrun = true;
          const slot = record.pending[0]!;
          const isMute = verdict.isLater && !asked.has(index);
          verdict = { ...verdict, now: isMute ? record.confirmed : knownOf(verdict, slot, record) };
          const [over, about] = settle(keys[index]!, record, verdict, { ...court, now: call.now, n: word(), isTight });
          // Without room what was not done stays as it is, where more would be to be kept of it: it is tried again later.
          const { isDone, isUncertain, error } = verdict;
          const isOpen = verdict.isLater ?? !(isDone || isUncertain || error);
          if (isTight && isOpen && rowSize(withoutValue(over)) >= rowSize(record)) {
            isLater = true;
            return { ...record, mark: undefined };
          }
          about.forEach((report, at) => {
            // Theirs is on the other side still, but for what was overwritten.
            const isThere = isTight && report.kind !== "overwrote" && report.theirs !== (slot as Write).over;
            const theirs = isThere ? undefined : report.theirs;
            reports.push({ ...report, theirs, id: ids[2 * index + at]!, key: keys[index]!, at: call.now() });
          });
          if (verdict.isLater) isLater = true;
          if (!over.pending.some(({ id }) => id === slot.id)) gone.push(slot.id);
          // What waits on goes behind what has waited meanwhile.
          return { ...over, mark: undefined };
        });
        if (isOutrun) return undefined;
        const keptRows = ids.map((id) => {
          const report = reports.find((report) => report.id === id);
          return report && writeConflict(report);
        });
        return { records: after, others: [fromJson({ ...identity, ...next, batch: undefined }), ...keptRows] };
      },
      { marks: items.map(([, mark]) => mark) },
    );
    if (isOutrun) continue;
    if (isDone) settled(gone, reports);
    return isLater ? "later" : "done";
  }
}

const rowSize = (record: Record): number => writeRecord(record)?.value.length ?? 0;

/** What is there now, as far as it is known: the value of a write that was done is the one that was sent. */
function knownOf({ isDone, now }: Verdict, slot: Slot, { confirmed }: Record): Remote | undefined {
  if (!now || now.value) return now;
  // A deadline as it was given is more exact than what comes back of it, unless a clock was set meanwhile.
  if (isDone && isWrite(slot))
    return { ...now, value: slot.value, ...(isSameTime(now, slot) && { expiresAt: slot.expiresAt }) };
  return now.tag === confirmed?.tag ? { ...now, value: confirmed.value } : now;
}
