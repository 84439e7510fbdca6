import type { Call } from "../core/contract.ts";
import { isSameBatch, type Identity, type Item } from "./identity.ts";
import { isWrite } from "./record.ts";
import { fromJson, toJson } from "./json.ts";
import { identityRow } from "./names.ts";
import type { After, Step } from "./step.ts";
import type { Side } from "./side.ts";

// How many slots are on their way at most: each may take four rows of the thousand of one step.
const most = 200;
// What a key, its tag and numbers take of a push besides its value: bytes.
const lineRoom = 1500;

/** Puts together what has waited longest, as much as the other side takes at once. */
export async function form(
  { rows, word, listMarks }: Side,
  identity: Identity,
  call: Call,
): Promise<Identity | "idle" | "outrun"> {
  const { maxBytes, maxItems } = identity;
  const waiting = await listMarks(Math.min(most, Math.ceil(maxItems / 2)), call);
  if (!waiting[0]) return "idle";
  const keys = [...new Set(waiting.map(([, key]) => key))];
  let formed: Identity | undefined;
  const decide = ({ records, others: [row], isTight }: Step): After | undefined => {
    const now: Identity | undefined = toJson(row);
    if (now?.name !== identity.name || now.sequence !== identity.sequence || now.batch) return undefined;
    let bytes = 0;
    const items: Item[] = [];
    records.forEach(({ pending: [slot], mark, n }, index) => {
      const size = isWrite(slot) ? (slot.value?.length ?? 0) : 0;
      // Without room here one goes alone, and makes some.
      if (!slot || !mark || (items[0] && (isTight || bytes + size + lineRoom > maxBytes))) return;
      bytes += size + lineRoom;
      items.push([keys[index]!, mark, slot.id, n]);
    });
    formed = { ...now, ...(items[0] && { sequence: now.sequence + 1, batch: { nonce: word(), items } }) };
    return { records, others: [fromJson(formed)] };
  };
  const isDone = await rows.change(keys, [identityRow], decide, { marks: waiting.map(([mark]) => mark) });
  return isDone && formed?.batch ? formed : "outrun";
}

/** Unmarks a part of what was on its way, which did not go: none of it, and the number is free. */
export async function split({ rows, word }: Side, identity: Identity, call: Call): Promise<void> {
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
          const [slot, ...rest] = record.pending;
          return slot!.isDropped ? { ...record, pending: rest } : record;
        }),
        others: [fromJson({ ...identity, batch: { nonce: word(), items: stays } })],
      };
    },
    { ...call, marks: [] },
  );
}
