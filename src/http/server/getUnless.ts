import type { Entry } from "../../core/contract.ts";
import type { BatchUnless } from "../wire/batch.ts";
import type { Runnable } from "./operation.ts";
import { readEach } from "./readEach.ts";
import type { Room } from "./room.ts";

/** What there is under a key: the tag of its value and the time that it has left, in ms. */
export interface KnownEntry {
  /** Left out where it is known already, or does not fit. */
  readonly value?: Uint8Array | undefined;
  /** How many bytes it has, where those are more than were wanted. */
  readonly left?: number | undefined;
  readonly ttl: number;
  readonly tag: string;
}

type Found = Pick<KnownEntry, "value" | "left" | "tag"> & Pick<Entry, "expiresAt">;

/** Reads many entries, few at a time: of each its tag, and its value if it has not the tag that is known, and fits. */
export const getUnless: Runnable<[wanted: readonly BatchUnless[], room: Room], (KnownEntry | undefined)[]> = {
  needs: ["read"],
  takes: ["keys"],
  async run(subject, wanted, room) {
    const found: Found[] = [];
    const keys = wanted.map(([key]) => key);
    await readEach(subject, keys, room, async (index, entry) => {
      if (!entry) return;
      const [, known, most = Infinity] = wanted[index]!;
      const { value, expiresAt } = entry;
      const tag = await subject.hash(value);
      const left = tag !== known && value.length > most ? value.length : undefined;
      const isSent = tag !== known && !left && room.fits(value.length);
      if (isSent) room.hold(value.length);
      found[index] = { value: isSent ? value : undefined, left, tag, expiresAt };
    });
    const time = subject.now();
    return wanted.map((_, index) => {
      const { expiresAt, ...entry } = found[index] ?? { expiresAt: 0 };
      return expiresAt > time ? { ...(entry as Omit<Found, "expiresAt">), ttl: expiresAt - time } : undefined;
    });
  },
};
