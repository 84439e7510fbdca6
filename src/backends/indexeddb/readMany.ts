import { answered, type Activity } from "./active.ts";

/** So many keys are read together: that is worth a look at which of them are there. */
export const fewKeys = 16;
// So many records side by side are worth a request of their own.
const fewRecords = 4;

/** The result of a request, which shows that its transaction is active. Its failure takes that down, and is reported there. */
export function ask<T>(request: IDBRequest<T>, activity?: Activity): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => {
      if (activity) answered(activity);
      resolve(request.result);
    };
    request.onerror = () => reject(request.error);
  });
}

/**
 * Reads the records of many keys in one transaction. What costs is each request, so it looks first which keys there are
 * and then reads with one request what lies side by side, with no other record in between: nothing is read that is not
 * wanted. Keys without a record are left out.
 */
export async function readMany(entries: IDBObjectStore, keys: readonly string[]): Promise<Map<string, unknown>> {
  const found = new Map<string, unknown>();
  const wanted = [...new Set(keys)].sort();
  const readOne = async (key: string): Promise<void> => {
    const record: unknown = await ask(entries.get(key));
    if (record !== undefined) found.set(key, record);
  };
  if (wanted.length < fewKeys) {
    await Promise.all(wanted.map(readOne));
    return found;
  }
  const isWanted = new Set(wanted);
  // Where many others lie between them, looking at all of those would cost more than it saves.
  const limit = 2 * wanted.length;
  const range = IDBKeyRange.bound(wanted[0], wanted.at(-1));
  const present = (await ask(entries.getAllKeys(range, limit))) as string[];
  const reading: Promise<void>[] = [];
  const readRun = async (from: number, to: number): Promise<void> => {
    const values = await ask(entries.getAll(IDBKeyRange.bound(present[from], present[to - 1])));
    values.forEach((record, index) => found.set(present[from + index]!, record));
  };
  for (let from = 0, to = 0; to <= present.length; to++) {
    if (to < present.length && isWanted.has(present[to]!)) continue;
    if (to - from > fewRecords) reading.push(readRun(from, to));
    else for (const key of present.slice(from, to)) reading.push(readOne(key));
    from = to + 1;
  }
  if (present.length === limit) {
    const last = present.at(-1)!;
    for (const key of wanted) if (key > last) reading.push(readOne(key));
  }
  await Promise.all(reading);
  return found;
}

/** Runs items in portions, two at a time: while what came of one is unpacked here, the database reads for the next. */
export async function inPortions<T>(
  items: readonly T[],
  size: number,
  run: (portion: readonly T[]) => Promise<void>,
): Promise<void> {
  let at = 0;
  const lane = async (): Promise<void> => {
    while (at < items.length) await run(items.slice(at, (at += size)));
  };
  await Promise.all([lane(), lane()]);
}
