import { andThen } from "../core/attempt.ts";
import type { Awaitable, Call, Entry, Page, Store } from "../core/contract.ts";
import { lend } from "../core/lending.ts";
import { isPast, toBytes } from "../core/value.ts";
import type { Parts, Whole } from "./parts.ts";
import { portions } from "./portions.ts";
import type { Progress } from "./pull.ts";
import { blank, isStub, lasting, plainValue, readRecord, visible, type Record, type Visible } from "./record.ts";
import { parse } from "./json.ts";
import { readMark, sinceOf } from "./marks.ts";
import { checkRecordKey, marks, progressRow, records as recordPrefix } from "./names.ts";

/** Reads what is known of keys, once it is known whether there is anything. */
export async function read(
  { local, rows, fetch }: Pick<Parts, "local" | "rows" | "fetch">,
  keys: readonly string[],
  call: Call,
): Promise<readonly Record[]> {
  keys.forEach(checkRecordKey);
  const { signal } = call;
  await rows.mind();
  const rowKeys = keys.map((key) => recordPrefix + key);
  const found = await local.findMany([...rowKeys, progressRow], { signal });
  const isComplete = (parse(found.at(-1)) as Progress | undefined)?.isComplete;
  const records = keys.map((_, index) => readRecord(found[index]));
  const unknown = keys.filter((_, index) => records[index] === blank);
  if (isComplete || !unknown[0]) return records;
  await fetch(unknown, call);
  return rows.read(keys, { signal });
}

/** Reads records with the values of what callers see, also of those that are only on the other side: `whole` gets these. */
export async function readWhole(
  parts: Pick<Parts, "local" | "rows" | "fetch">,
  keys: readonly string[],
  call: Call,
  whole: Whole = new Map(),
): Promise<readonly Record[]> {
  const records = await read(parts, keys, call);
  const stubs = keys.filter((_, index) => isStub(records[index]!, call.now));
  if (!stubs[0]) return records;
  await parts.fetch(stubs, call, whole);
  return records.map((record, index) => {
    const key = keys[index]!;
    return stubs.includes(key) ? { ...record, confirmed: whole.get(key) } : record;
  });
}

/** Reads an entry, or what it was when it has ended and nobody has noted that. */
export function get(parts: Parts, key: string, call: Call): Awaitable<Entry | undefined> {
  return andThen(head(parts, key, call), (seen) =>
    seen && !seen.value && !isPast(seen, call.now)
      ? readWhole(parts, [key], call).then(([record]) => lasting(record!) as Entry | undefined)
      : (seen as Entry | undefined),
  );
}

/** Reads the same, without the value if that is only on the other side. */
export function head(parts: Parts, key: string, call: Call): Awaitable<Visible | undefined> {
  checkRecordKey(key);
  const { signal } = call;
  return andThen(lend(parts.local, "find", recordPrefix + key, signal && { signal }), (row) => {
    const bytes = toBytes(row);
    const value = bytes && plainValue(bytes);
    if (value) return { value, expiresAt: Infinity };
    if (bytes) return lasting(readRecord(bytes));
    return read(parts, [key], call).then(([record]) => lasting(record!));
  });
}

/** Lists the keys under marks, each once, with since when it waits: epoch ms. */
export async function listMarked(
  local: Store,
  { signal }: Pick<Call, "signal">,
  prefix = "",
): Promise<Map<string, number>> {
  const since = new Map<string, number>();
  for await (const { key: row, value } of local.entries({ prefix: marks, signal }))
    for (const key of readMark(value)) if (key.startsWith(prefix) && !since.has(key)) since.set(key, sinceOf(row));
  return since;
}

/** Reads the records of those of them that begin with a prefix. */
export async function readMarked(
  { local, rows }: Parts,
  call: Pick<Call, "signal">,
  prefix = "",
): Promise<Map<string, Record>> {
  const { signal } = call;
  const marked = new Map<string, Record>();
  for (const part of portions([...(await listMarked(local, call, prefix)).keys()])) {
    const found = await rows.read(part, { signal });
    part.forEach((key, index) => marked.set(key, found[index]!));
  }
  return marked;
}

/** Reads a page of the keys that a caller sees. */
export async function list(
  parts: Parts,
  { prefix, limit, cursor }: { prefix: string; limit: number; cursor?: string | undefined },
  call: Call,
): Promise<Page> {
  await parts.complete(call);
  const { signal } = call;
  // What waits when it begins, and what does when the page is there: else a deadline or an end could be of neither.
  const before = await readMarked(parts, call, prefix);
  const page = await parts.local.list({ prefix: recordPrefix + prefix, limit, cursor, signal });
  const marked = new Map([...before, ...(await readMarked(parts, call, prefix))]);
  const entries = page.entries.flatMap(({ key: row, expiresAt }) => {
    const key = row.slice(recordPrefix.length);
    const record = marked.get(key);
    if (!record) return [{ key, expiresAt }];
    const seen = visible(record, call.now);
    return seen ? [{ key, expiresAt: seen.expiresAt, size: seen.value?.length }] : [];
  });
  return { ...page, entries };
}
