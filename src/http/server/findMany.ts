import type { Entry } from "../../core/contract.ts";
import type { LiveEntry, Subject } from "./operation.ts";
import { optionsOf } from "./operation.ts";
import { refuseSize } from "./refusal.ts";
import type { Room } from "./room.ts";
import { runInOrder } from "./runInOrder.ts";

/** Reads many entries, few at a time. Refused when their values do not fit together. */
export async function findMany(
  subject: Subject,
  keys: readonly string[],
  room: Room,
): Promise<(LiveEntry | undefined)[]> {
  // A key that is asked for twice is read once, and counts twice.
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  const wanted = [...counts];
  const found = new Map<string, Entry>();
  await runInOrder(wanted.length, room.mayRead, async (index) => {
    const [key, count] = wanted[index]!;
    room.begin();
    // Not by findMany of the store: a value goes out with its deadline, or it could arrive too late.
    const entry = await subject.store.entry(key, optionsOf(subject));
    room.end(entry?.value.length);
    if (!entry) return;
    room.hold(entry.value.length * count);
    if (room.isFull) throw refuseSize(room.maxBytes);
    found.set(key, entry);
  });
  const time = subject.now();
  return keys.map((key) => {
    const entry = found.get(key);
    return entry && entry.expiresAt > time ? { ...entry, ttl: entry.expiresAt - time } : undefined;
  });
}
