import type { CallOptions, Store } from "../core/contract.ts";
import { portions } from "./portions.ts";
import { listMarked } from "./reading.ts";
import { isWrite, type Slot } from "./record.ts";
import { createSent } from "./marks.ts";
import { identityRow } from "./names.ts";
import type { Rows } from "./rows.ts";
import type { Status } from "./status.ts";

/** Something of one key that is not on the other side. */
export interface Waiting {
  readonly key: string;
  /** What was done last. A `transact` counts as an `update` of each of its keys. */
  readonly kind: "set" | "delete" | "update" | "increment" | "touch";
  /** Since when something of the key waits, or when it was tried last, to about a second: epoch ms. */
  readonly since: number;
  /**
   * Why it waits: it may be on its way, or is the next that goes, or nobody answers, or the other side lets nobody in or shows the data of
   * another account.
   */
  readonly why: "sent" | "queued" | "offline" | "unauthorized" | "other-account";
}

function kindOf(slot: Slot): Waiting["kind"] {
  if (!isWrite(slot)) return slot.by === undefined ? "touch" : "increment";
  return slot.value ? (slot.steps ? "update" : "set") : "delete";
}

/** Reads what waits, what has waited longest first. */
export async function readWaiting(
  local: Store,
  rows: Rows,
  status: () => Status,
  options?: CallOptions,
): Promise<Waiting[]> {
  const since = await listMarked(local, { signal: options?.signal });
  const waiting: Waiting[] = [];
  for (const part of portions([...since.keys()])) {
    const found = await rows.read(part, options);
    const isSent = createSent()(await local.find(identityRow, options));
    found.forEach(({ pending }, index) => {
      const key = part[index]!;
      const last = pending.at(-1);
      const { blocked, online } = status();
      const why = isSent(pending[0]?.id) ? "sent" : (blocked ?? (online ? "queued" : "offline"));
      if (last) waiting.push({ key, kind: kindOf(last), since: since.get(key)!, why });
    });
  }
  return waiting.sort((a, b) => a.since - b.since);
}
