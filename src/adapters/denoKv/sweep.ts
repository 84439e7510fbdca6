import type { Call } from "../../core/contract.ts";
import { withCode } from "./failure.ts";
import { inGroups } from "./groups.ts";
import type { DenoKvLike, KvEntry, KvKey } from "./kv.ts";
import type { PartsOfValues } from "./parts.ts";
import type { Places } from "./records.ts";
import type { Writer } from "./writer.ts";

// How old parts are, to which nobody refers, before they go: their writer may be at work still (ms).
const grace = 600_000;
// How many records are read at once.
const pageSize = 500;

/** Removes what has expired and counts it, and parts that nobody refers to. */
export async function sweep(
  { kv, places, writer, parts }: { kv: DenoKvLike; places: Places; writer: Writer; parts: PartsOfValues },
  call: Call,
): Promise<number> {
  /** Reads the records of a range in pages. */
  async function* pages({ start, end }: { start: KvKey; end: KvKey }): AsyncGenerator<readonly KvEntry[]> {
    let page: KvEntry[];
    do {
      page = await withCode(undefined, async () => {
        const read: KvEntry[] = [];
        for await (const entry of kv.list({ start, end }, { limit: pageSize, batchSize: pageSize })) read.push(entry);
        return read;
      });
      if (page.length) yield page;
      // All that comes after the last one.
      start = [...((page.at(-1)?.key ?? []) as KvKey), ""];
    } while (page.length === pageSize);
  }

  /** Removes the keys of an index's records that have expired, and the records that are about another entry. */
  async function removeDue(dues: readonly KvEntry[]): Promise<number> {
    const keys = [...new Set(dues.map(({ value }) => value as string))];
    const removed = await writer.remove(keys, ({ head }) => head!.expiresAt <= call.now(), call);
    const ids = new Set(removed.map(({ head }) => head!.id));
    await withCode(undefined, async () => {
      for (const { key, versionstamp } of dues) {
        if (ids.has(key[3] as string)) continue;
        const operation = kv.atomic();
        operation.check({ key: key as KvKey, versionstamp });
        operation.delete(key as KvKey);
        await operation.commit();
      }
    });
    return removed.length;
  }

  let count = 0;
  for await (const page of pages(places.dues(call.now()))) {
    for (const removed of await inGroups(page, call, removeDue)) count += removed;
  }
  for await (const page of pages(places.strays())) {
    for (const { key, value, versionstamp } of page) {
      const { parts: count, at } = value as { parts: number; at: number };
      if (at > call.now() - grace) continue;
      await withCode(undefined, () =>
        parts.discard({ id: key[2] as string, parts: count, versionstamp: versionstamp! }),
      );
    }
  }
  return count;
}
