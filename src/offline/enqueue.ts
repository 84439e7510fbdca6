import { isWrite, lastOf, type Delta, type Record, type Slot, type Visible, type Write } from "./record.ts";

/** Adds a write to what waits, in place of what it makes moot. A decision is one on what was there. */
export function enqueueWrite(
  record: Record,
  { isDecision, keepsBefore, ...next }: Pick<Write, "id" | "value" | "expiresAt"> & { isDecision: boolean; keepsBefore: boolean }, // prettier-ignore
): readonly Slot[] {
  const { pending, confirmed } = record;
  const last = lastOf(pending);
  const stays = last?.isSent || !last ? pending : pending.slice(0, -1);
  // Over what is written whatever was there, a decision is that, too.
  const stepsBefore = isWrite(last) ? last.steps : Number(!!last);
  const steps = !isDecision || (isWrite(last) && !stepsBefore) ? 0 : stepsBefore + 1;
  // After one on its way the base is what that leaves, which is known when it has arrived.
  const base =
    isWrite(last) && !last.isSent
      ? { base: last.base, before: last.before, over: last.over }
      : { base: confirmed?.tag, ...(keepsBefore && { before: confirmed?.value }) };
  return [...stays, { ...next, ...base, steps }];
}

/** Adds a change of whatever is there to what waits, and into a write that waits. `after` is what is to be seen then. */
export function enqueueDelta(
  { pending }: Pick<Record, "pending">,
  delta: Delta,
  after: Visible | undefined,
): readonly Slot[] {
  const last = pending.at(-1);
  if (!last || last.isSent) return [...pending, delta];
  const stays = pending.slice(0, -1);
  if (isWrite(last)) {
    return [...stays, { ...last, ...after, isOver: false, id: delta.id, steps: last.steps && last.steps + 1 }];
  }
  // A deadline that was given before a number is added is kept by that.
  const by = delta.by === undefined || last.by === undefined ? (delta.by ?? last.by) : last.by + delta.by;
  return [
    ...stays,
    { ...last, isOver: false, ...delta, ...(by !== undefined && { by, born: last.born ?? delta.born }) },
  ];
}
