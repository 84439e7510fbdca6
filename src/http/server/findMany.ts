import type { Entry } from "../../core/contract.ts";
import { checkKey } from "../../core/key.ts";
import { readerOf } from "../../core/readerOf.ts";
import { toBytes } from "../../core/value.ts";
import { optionsOf, type LiveEntry, type Subject } from "./operation.ts";
import { refuseSize } from "./refusal.ts";
import type { Room } from "./room.ts";
import { runInOrder } from "./runInOrder.ts";

type Found = ReadonlyMap<string, Entry>;

/**
 * Reads many entries, as they are together where the medium has that. Refused when their values do not fit together.
 */
export async function findMany(
  subject: Subject,
  keys: readonly string[],
  room: Room,
): Promise<(LiveEntry | undefined)[]> {
  const found = (await measure(subject, keys, room)) ?? (await readTogether(subject, keys, room));
  const time = subject.now();
  return keys.map((key) => {
    const entry = found.get(key);
    return entry && entry.expiresAt > time ? { ...entry, ttl: entry.expiresAt - time } : undefined;
  });
}

/**
 * Reads many entries, few at a time, and refuses those whose values do not fit together. Resolves with them if they are as
 * they are together, or cannot be read in that way, and else with nothing: then at least it is known how large they are.
 */
export async function measure(subject: Subject, keys: readonly string[], room: Room): Promise<Found | undefined> {
  const counts = countsOf(keys);
  const wanted = [...counts.keys()];
  const found = new Map<string, Entry>();
  const note = (key: string, entry: Entry | undefined): void => {
    room.end(entry?.value.length);
    if (!entry) return;
    room.hold(entry.value.length * counts.get(key)!);
    if (room.isFull) throw refuseSize(room.maxBytes);
    found.set(key, entry);
  };
  if (wanted[1] === undefined || !readerOf(subject.store)) {
    await runInOrder(wanted.length, room.mayRead, async (index) => {
      room.begin();
      // Not by `find`: a value goes out with its deadline, or it could arrive too late.
      note(wanted[index]!, await subject.store.entry(wanted[index]!, optionsOf(subject)));
    });
    return found;
  }
  for (let from = 0, to = 0; from < wanted.length; from = to) {
    do room.begin();
    while (++to < wanted.length && room.mayRead());
    const portion = wanted.slice(from, to);
    // What was read before need not be held any more.
    found.clear();
    const entries = await readLive(subject, portion);
    for (const [index, key] of portion.entries()) note(key, entries[index]);
    if (portion.length === wanted.length) return found;
  }
  return undefined;
}

/** Reads in one step what was measured before. Refused when it has grown meanwhile to what does not fit. */
async function readTogether(subject: Subject, keys: readonly string[], { maxBytes }: Room): Promise<Found> {
  const counts = countsOf(keys);
  const wanted = [...counts.keys()];
  const entries = await readLive(subject, wanted);
  const found = new Map<string, Entry>();
  let size = 0;
  for (const [index, key] of wanted.entries()) {
    const entry = entries[index];
    if (!entry) continue;
    size += entry.value.length * counts.get(key)!;
    found.set(key, entry);
  }
  if (size > maxBytes) throw refuseSize(maxBytes);
  return found;
}

/** Reads live entries as they are together, of a store that has that. */
export async function readLive(subject: Subject, keys: readonly string[]): Promise<(Entry | undefined)[]> {
  const { store, now } = subject;
  const found = await readerOf(store)!(keys.map(checkKey), optionsOf(subject));
  const time = now();
  const past = keys.filter((_, index) => found[index] && found[index].expiresAt <= time);
  // To be read by itself removes what has expired, if it is still that.
  await Promise.allSettled(past.map((key) => store.entry(key, optionsOf(subject))));
  return found.map((entry) =>
    entry && entry.expiresAt > time ? { value: toBytes(entry.value), expiresAt: entry.expiresAt } : undefined,
  );
}

/** How often each key is asked for: it is read once, and counts as often. */
function countsOf(keys: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}
