import type { Call } from "../core/contract.ts";
import { StoreError } from "../core/error.ts";
import { fromJson, toJson } from "./json.ts";
import { identityRow } from "./names.ts";
import type { Side } from "./side.ts";
import type { After, Step } from "./step.ts";

/** Who this replica is to the other side, and what is on its way there: one row, by which everything else is in step. */
export interface Identity {
  /** The name that the other side gave. */
  readonly name: string;
  readonly scope: string;
  /** The number of the last push. */
  readonly sequence: number;
  readonly maxBytes: number;
  readonly maxItems: number;
  /** What is on its way, fixed before it is sent. The values are in the records. */
  readonly batch?: Batch | undefined;
}

export interface Batch {
  readonly nonce: string;
  readonly items: readonly Item[];
}

/** The first slot of a record: of which key, under which mark, which one, and what was confirmed when it was put in. */
export type Item = readonly [key: string, mark: string, id: string, n: string];

/** Returns who this is to the other side, and asks for that if it is not known. Rejects `unauthorized` for another account. */
export async function greet({ link, rows }: Side, call: Call): Promise<Identity> {
  const known = await rows.readJson<Identity>(identityRow, call);
  if (known?.name && (known.batch || (link.knows?.(known.name) ?? true))) return known;
  const { name, scope, maxBytes, maxItems } = await link.greet(call);
  if (known && known.scope !== scope) throw otherAccount();
  let identity: Identity = { name, scope, sequence: 0, maxBytes, maxItems };
  const decide = ({ others: [row] }: Step): After | undefined => {
    const now: Identity | undefined = toJson(row);
    if (now && (now.name !== known?.name || now.batch)) {
      identity = now;
      return undefined;
    }
    return { records: [], others: [fromJson(identity)] };
  };
  await rows.change([], [identityRow], decide, { marks: [] });
  return identity;
}

/** Whether what is on its way is what was. */
export function isSameBatch(found: Identity | undefined, { name, sequence, batch }: Identity): boolean {
  return found?.name === name && found.sequence === sequence && found.batch?.nonce === batch!.nonce;
}

const strangers = /* @__PURE__ */ new WeakSet<object>();

export function otherAccount(): StoreError {
  const expected = "expected the one that this local store is of";
  const error = new StoreError("unauthorized", `Remote shows the data of another account: ${expected}`);
  strangers.add(error);
  return error;
}

/** Whether an error is that the other side shows the data of another account. */
export function isOtherAccount(error: unknown): boolean {
  return strangers.has(error as object);
}
