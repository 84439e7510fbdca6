import type { CallOptions, NewEntry, Store } from "../core/contract.ts";
import { isStoreError, StoreError } from "../core/error.ts";
import { frame, unframe } from "../http/wire/frame.ts";
import { kept } from "./names.ts";
import type { Report } from "./settle.ts";

/** Something that did not go as whoever wrote it had wished. */
export interface Conflict extends Report {
  /** Names it, for {@link OfflineStore.dismiss}. */
  readonly id: string;
  readonly key: string;
  /** When it was found out: epoch ms. */
  readonly at: number;
}

// How much is kept at most, and for how long: ms.
const mostKept = 1000;
const mostBytes = 4_194_304;
const keptFor = 2_592_000_000;

/** Writes a conflict as its row. */
export function writeConflict({ mine, difference, theirs, base, error, key, kind, at }: Conflict): NewEntry {
  const { code, message } = isStoreError(error) ? error : { code: undefined, message: error && String(error) };
  const values = [mine, theirs, base];
  const head = [{ key, kind, at, difference }, message && { code, message }, ...values.map((value) => value?.length)];
  return { value: frame(head, values.filter((value) => value) as Uint8Array[]), expiresAt: at + keptFor };
}

function readConflict(id: string, row: Uint8Array): Conflict {
  const [[rest, error, ...sizes], next] = unframe(row);
  const [mine, theirs, base] = sizes.map((size: number | null) => (size === null ? undefined : next(size)));
  const { code = "invalid-argument", message } = error ?? {};
  return { id, ...rest, mine, theirs, base, ...(error && { error: new StoreError(code, message, { key: rest.key }) }) };
}

/** Reads what is kept, what was found out last at the end. */
export async function readConflicts(local: Store, options?: CallOptions): Promise<Conflict[]> {
  const found: Conflict[] = [];
  for await (const { key, value } of local.entries({ ...options, prefix: kept }))
    found.push(readConflict(key.slice(kept.length), value));
  return found.sort((a, b) => a.at - b.at);
}

/** Returns the ids of what was found out first, where there is too much of it. */
export async function findMoot(local: Store): Promise<readonly string[]> {
  const all = await readConflicts(local);
  let [count, bytes] = [0, 0];
  const moot = all.reverse().filter(({ mine, theirs, base }) => {
    bytes += (mine?.length ?? 0) + (theirs?.length ?? 0) + (base?.length ?? 0);
    return ++count > mostKept || (count > 1 && bytes > mostBytes);
  });
  return moot.map(({ id }) => id);
}
