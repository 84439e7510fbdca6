import type { Call } from "../core/contract.ts";
import { isStoreError, type StoreError } from "../core/error.ts";
import { FORGOTTEN, type Operation, type Outcome } from "../core/link.ts";
import { equalBytes } from "../core/value.ts";
import { form, split } from "./form.ts";
import { greet, otherAccount, type Item } from "./identity.ts";
import { readAll } from "./readAll.ts";
import { hasEnded, isWrite, type Delta, type Record } from "./record.ts";
import { settleBatch } from "./settleBatch.ts";
import type { Verdict } from "./settle.ts";
import type { Side } from "./side.ts";

/** What a push has come to: nothing was waiting, something was done, or what is left is to be tried later. */
export type Pushed = "idle" | "done" | "later";

/** Pushes what is on its way, or else the next that waits. */
export async function push(side: Side, call: Call): Promise<Pushed> {
  const { link, rows } = side;
  let identity = await greet(side, call);
  if (!identity.batch) {
    const formed = await form(side, identity, call);
    if (formed === "idle") return formed;
    if (formed === "outrun") return "done";
    identity = formed;
  }
  const { name, sequence, batch } = identity;
  const { nonce, items } = batch!;
  const records = await rows.read(items.map(([key]) => key));
  // Somebody else has settled it meanwhile.
  if (items.some(([, , id], index) => records[index]!.pending[0]?.id !== id)) return "done";
  const parts = items.map(([key], index) => operationsOf(key, records[index]!, call));
  let outcomes: readonly Outcome[] | typeof FORGOTTEN;
  try {
    outcomes = await link.push({ name, sequence, nonce, operations: parts.flat() }, call);
  } catch (error) {
    if (!isStoreError(error) || /^(unavailable|closed|conflict|unauthorized)$/.test(error.code)) throw error;
    if (items[1]) {
      await split(side, identity, call);
      return "done";
    }
    // Alone it is refused for good, and the number is still free.
    return settleBatch(side, identity, [{ isDone: false, error }], call, { name, sequence: sequence - 1 });
  }
  if (outcomes === FORGOTTEN) {
    // Nobody else's part may be looked at in place of what is not known here.
    const { scope } = await link.greet(call);
    if (scope !== identity.scope) throw otherAccount();
    return settleBatch(side, identity, await look(side, items, records, call), call, { name: "", sequence: 0 });
  }
  let at = 0;
  const verdicts = parts.map((part): Verdict => {
    const both = outcomes.slice(at, (at += part.length));
    const [first] = both;
    // What was added is not to be added again, whatever became of its new deadline.
    if (both[1]?.error && first!.isDone) return first!;
    return both.find(({ isUncertain, error }) => isUncertain ?? error) ?? both.at(-1)!;
  });
  const refused = verdicts.filter(({ error }) => isStoreError(error, "unauthorized"));
  // Where nothing passes it is not about this.
  if (refused[0] && refused.length === verdicts.length) throw refused[0].error!;
  return settleBatch(
    side,
    identity,
    verdicts.map((verdict) => (verdict.error && !isForGood(verdict.error) ? { ...verdict, isLater: true } : verdict)),
    call,
  );
}

/** Finds out what became of what nobody remembers: what is there as it was wished for is done. */
async function look(
  { link }: Side,
  items: readonly Item[],
  records: readonly Record[],
  call: Call,
): Promise<Verdict[]> {
  const found = await readAll(
    link,
    items.map(([key]) => [key, undefined]),
    call,
  );
  return items.map((_, index): Verdict => {
    const slot = records[index]!.pending[0]!;
    const now = found[index];
    if (isWrite(slot)) {
      const value = hasEnded(slot, call.now) ? undefined : slot.value;
      const isDone = !now === !value && equalBytes(now?.value, value);
      return isDone ? { isDone, now } : { isDone, now, isUncertain: true };
    }
    return slot.by === undefined ? { isDone: false, isLater: true } : { isDone: false, now, isUncertain: true };
  });
}

function operationsOf(key: string, { confirmed, pending }: Record, { now }: Call): Operation[] {
  const slot = pending[0]!;
  const { by, born = Infinity, until, isDropped } = slot as Delta;
  const operations: Operation[] = isWrite(slot)
    ? [{ ...slot, kind: "write", key, value: hasEnded(slot, now) ? undefined : slot.value, tag: slot.base }]
    : [
        ...(by === undefined ? [] : [{ kind: "add", key, by, expiresAt: born } as const]),
        ...(until === undefined ? [] : [{ kind: "touch", key, expiresAt: until } as const]),
      ];
  if (!isDropped && !(until! <= now())) return operations;
  // A deadline that has passed puts an end to what it was given to, and to nothing newer. They stay as many.
  const tag = isDropped ? "" : confirmed?.tag;
  return operations.map(() => ({ kind: "write", key, value: undefined, tag, expiresAt: Infinity }));
}

/** Whether asking again would not help. */
function isForGood({ code }: StoreError): boolean {
  return !/^(unavailable|closed|conflict|quota-exceeded)$/.test(code);
}
