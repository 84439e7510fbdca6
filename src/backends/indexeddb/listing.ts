import type { EntryPage, Listed, Page } from "../../core/contract.ts";
import { ask, readMany } from "./readMany.ts";
import { deadlineOf, toEntry, type Stored } from "./record.ts";

/** Which keys are listed. */
interface Wanted {
  readonly prefix: string;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** The index of the records that have a deadline. */
export const expiryIndex = "expiry";
// One step of a listing reads values, too, for their sizes: as many as make about so many bytes.
const pageBytes = 1_048_576;
// So many keys are listed at once: most databases have no more, and each request costs.
const maxKeys = 10_000;
// So many deadlines are read by themselves.
const maxDated = 1000;

export function findExpired(entries: IDBObjectStore, now: number, count?: number): IDBRequest<string[]> {
  return entries.index(expiryIndex).getAllKeys(IDBKeyRange.upperBound(now), count) as IDBRequest<string[]>;
}

/** Returns the first deadline there is, `Infinity` for none. */
export async function findSoonest(entries: IDBObjectStore): Promise<number> {
  const cursor = await ask(entries.index(expiryIndex).openKeyCursor());
  return cursor ? (cursor.key as number) : Infinity;
}

/** Reads a page of keys with deadlines and sizes. */
export async function listPage(entries: IDBObjectStore, { prefix, limit, cursor }: Wanted): Promise<Page> {
  const listed: Listed[] = [];
  for (let wanted = 64; ;) {
    const count = Math.min(wanted, limit - listed.length);
    const range = rangeOf(prefix, cursor);
    // One key more, to know whether there is one more.
    const [keys, values] = await Promise.all([
      ask(entries.getAllKeys(range, count + 1) as IDBRequest<string[]>),
      ask(entries.getAll(range, count) as IDBRequest<(Stored | null)[]>),
    ]);
    let bytes = 1;
    values.forEach((stored, index) => {
      // A damaged record is listed, too: reading it says what is wrong, deleting it helps.
      const size = stored?.v?.length;
      bytes += size ?? 0;
      listed.push({ key: keys[index]!, expiresAt: deadlineOf(stored), size });
    });
    if (keys.length <= count) return { entries: listed };
    // A position within the prefix, which says nothing of it.
    cursor = keys[count - 1]!.slice(prefix.length);
    if (listed.length === limit) return { entries: listed, cursor };
    wanted = Math.ceil((pageBytes * count) / bytes);
  }
}

/** Reads a page of entries by one range. */
export async function listEntries(entries: IDBObjectStore, { prefix, limit, cursor }: Wanted): Promise<EntryPage> {
  const range = rangeOf(prefix, cursor);
  const [keys, values] = await Promise.all([
    ask(entries.getAllKeys(range, limit + 1) as IDBRequest<string[]>),
    ask(entries.getAll(range, limit) as IDBRequest<(Stored | null)[]>),
  ]);
  const page = values.map((stored, index) => ({ key: keys[index]!, ...toEntry(keys[index]!, stored)! }));
  return keys.length > limit ? { entries: page, cursor: keys[limit - 1]!.slice(prefix.length) } : { entries: page };
}

/** Reads a page of keys with deadlines: without the values, unless many have a deadline, which only the values have. */
export async function listKeys(entries: IDBObjectStore, wanted: Wanted): Promise<Page> {
  const [keys, dated] = await Promise.all([
    ask(entries.getAllKeys(rangeOf(wanted.prefix, wanted.cursor), maxKeys + 1) as IDBRequest<string[]>),
    ask(entries.index(expiryIndex).getAllKeys(undefined, maxDated) as IDBRequest<string[]>),
  ]);
  if (dated.length === maxDated) return listPage(entries, wanted);
  const isMore = keys.length > maxKeys;
  if (isMore) keys.pop();
  const here = new Set(dated.length ? keys : []);
  const found = await readMany(
    entries,
    dated.filter((key) => here.has(key)),
  );
  const listed = keys.map((key) => ({ key, expiresAt: deadlineOf(found.get(key) as Stored | null | undefined) }));
  return isMore ? { entries: listed, cursor: keys.at(-1)!.slice(wanted.prefix.length) } : { entries: listed };
}

/** The keys that begin with a prefix, and of them those after a position in it, by UTF-16 units; `undefined` for all. */
export function rangeOf(prefix: string, cursor?: string): IDBKeyRange | undefined {
  const isInside = cursor !== undefined;
  const lower = prefix + (cursor ?? "");
  // The first string that comes after all that begin with the prefix: its last unit raised by one.
  const stem = prefix.replace(/\uffff+$/, "");
  if (!stem) return lower ? IDBKeyRange.lowerBound(lower, isInside) : undefined;
  const upper = stem.slice(0, -1) + String.fromCharCode(stem.charCodeAt(stem.length - 1) + 1);
  return IDBKeyRange.bound(lower, upper, isInside, true);
}
