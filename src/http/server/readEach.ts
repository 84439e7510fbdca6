import type { Awaitable, Entry } from "../../core/contract.ts";
import { readerOf } from "../../core/readerOf.ts";
import { readLive } from "./findMany.ts";
import { optionsOf, type Subject } from "./operation.ts";
import type { Room } from "./room.ts";
import { runInOrder } from "./runInOrder.ts";

// How many values of known sizes are read in one step at most, and how many bytes they have together: they may have grown since.
const mostTogether = 250;
const mostBytes = 1_048_576;

/**
 * Reads entries, few at a time, or more where their sizes are known, and hands each over with its place. They are read in one step
 * where the medium has that, which costs a database much less than a step each. The order is not that of the keys.
 */
export async function readEach(
  subject: Subject,
  keys: readonly string[],
  room: Room,
  take: (index: number, entry: Entry | undefined) => Awaitable<void>,
  sizes: readonly (number | undefined)[] = [],
): Promise<void> {
  const { store } = subject;
  if (!readerOf(store))
    return runInOrder(keys.length, room.mayRead, async (index) => {
      room.begin();
      const entry = await store.entry(keys[index]!, optionsOf(subject));
      await take(index, entry);
      room.end(entry?.value.length);
    });
  const most = Math.min(room.maxBytes, mostBytes);
  for (let from = 0, to = 0; from < keys.length; from = to) {
    let sum = 0;
    const isSmall = (): boolean => to - from < mostTogether && sum + (sizes[to] ?? Infinity) <= most;
    do {
      room.begin();
      sum += sizes[to++] ?? Infinity;
    } while (to < keys.length && (isSmall() || room.mayRead()));
    const entries = await readLive(subject, keys.slice(from, to));
    await Promise.all(
      entries.map(async (entry, index) => {
        await take(from + index, entry);
        room.end(entry?.value.length);
      }),
    );
  }
}
