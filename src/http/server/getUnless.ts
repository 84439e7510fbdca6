import type { Entry } from "../../core/contract.ts";
import type { BatchUnless } from "../wire/batch.ts";
import { optionsOf, type Runnable } from "./operation.ts";
import type { Room } from "./room.ts";
import { runInOrder } from "./runInOrder.ts";

/** What there is under a key: the tag of its value and the time that it has left, in ms. */
export interface KnownEntry {
  /** Left out where it is known already, or does not fit. */
  readonly value?: Uint8Array | undefined;
  readonly ttl: number;
  readonly tag: string;
}

type Found = Pick<KnownEntry, "value" | "tag"> & Pick<Entry, "expiresAt">;

/** Reads many entries, few at a time: of each its tag, and its value if it has not the tag that is known, and fits. */
export const getUnless: Runnable<[wanted: readonly BatchUnless[], room: Room], (KnownEntry | undefined)[]> = {
  needs: ["read"],
  takes: ["keys"],
  async run(subject, wanted, room) {
    const found: Found[] = [];
    await runInOrder(wanted.length, room.mayRead, async (index) => {
      const [key, known] = wanted[index]!;
      room.begin();
      const entry = await subject.store.entry(key, optionsOf(subject));
      const tag = entry && (await subject.hash(entry.value));
      room.end(entry?.value.length);
      if (!entry) return;
      const { value, expiresAt } = entry;
      const isSent = tag !== known && room.fits(value.length);
      if (isSent) room.hold(value.length);
      found[index] = { value: isSent ? value : undefined, tag: tag!, expiresAt };
    });
    const time = subject.now();
    return wanted.map((_, index) => {
      const { expiresAt, ...entry } = found[index] ?? { expiresAt: 0 };
      return expiresAt > time ? { ...(entry as Omit<Found, "expiresAt">), ttl: expiresAt - time } : undefined;
    });
  },
};
