import type { CallOptions, Store } from "../core/contract.ts";
import { isStoreError } from "../core/error.ts";
import { readerOf } from "../core/readerOf.ts";
import { isPast, toBytes } from "../core/value.ts";
import { fromJson, parse, toJson } from "./json.ts";
import { progressRow, records } from "./names.ts";
import { blank, readRecord, type Record } from "./record.ts";
import { createReserve } from "./reserve.ts";
import { createSpace, makeRoom } from "./space.ts";
import { createStep, refused, type Change, type StepWorld } from "./step.ts";

/** The rows of an offline store in its local one. */
export interface Rows {
  read(keys: readonly string[], options?: CallOptions): Promise<Record[]>;
  readonly change: Change;
  /** Returns how many ends were noted by the way since this was asked last, of keys with a prefix. */
  countEnds(prefix: string): number;
  /** Resolves with how many bytes a value may have that the other side has and that is to be kept here. */
  room(): Promise<number>;
  /**
   * Notes what the clock shows, if that is not what is known of it. What has ended by a clock that was wrong, or has got its deadline by
   * it, is compared again when the clock is right.
   */
  mind(): Promise<void>;
  /** Reads a row of JSON. */
  readJson<T>(row: string, options?: CallOptions): Promise<T | undefined>;
}

// By how much a clock may drift without anybody having set it: ms.
export const drift = 60_000;

// What is noted of a clock that was set back: later than any shows.
const wasSetBack = 1e99;

// How many ends are remembered to be counted.
const mostEnds = 10_000;

/** Returns the rows in a store. */
export function createRows(local: Store, world: Omit<StepWorld, "space" | "ended">): Rows {
  const { now } = world;
  const space = createSpace(local, world);
  const reserve = createReserve(local);
  let ends: string[] = [];
  const step = createStep(local, {
    ...world,
    space,
    ended(keys) {
      ends = ends.concat(keys).slice(-mostEnds);
    },
  });

  // What the clock showed when that was noted here: epoch ms.
  let noted = NaN;

  async function mind(): Promise<void> {
    const time = now();
    if (Math.abs(time - noted) <= drift) return;
    noted = time;
    const note = step([], [progressRow], ({ others: [row] }) => {
      const progress = toJson(row);
      const by = time - progress?.clock;
      if (!(Math.abs(by) > drift)) return undefined;
      // Forward it may have gone by itself, which shows when it is compared with the other side's. Back nothing goes by itself.
      return { records: [], others: [fromJson({ ...progress, clock: by < 0 ? wasSetBack : time })] };
    });
    await note.catch(() => (noted = NaN));
  }

  const change: Change = async (keys, others, decide, how = {}) => {
    await mind();
    if (!how.isOwn) await space.room();
    const rooms = makeRoom(local, step, space, how.marks && reserve);
    for (let isTight = !!how.marks && reserve.isMissing; ;) {
      try {
        // What was set aside is set aside again first, but for what goes.
        if (!how.marks && reserve.isMissing) await reserve.restore();
        return await step(keys, others, decide, { ...how, isTight });
      } catch (error) {
        if (!isStoreError(error, "quota-exceeded") || refused.has(error)) throw error;
        // What comes from the other side takes the place of nothing, unless even its name needs room. What is set aside is for what goes.
        const isOver = (how.isOwn || isTight) && (await rooms.next().catch(() => undefined))?.done !== false;
        if (isOver) throw error;
        isTight = !how.isOwn;
      }
    }
  };

  return {
    room: space.room,

    mind,

    read: async (keys, options) => {
      await mind();
      const wanted = keys.map((key) => records + key);
      // As they lie there, if that can be had: what has expired is left to a sweep, which counts it.
      const reader = readerOf(local);
      if (reader) {
        const found = await reader(wanted, options);
        return found.map((row) => (row && !isPast(row, now) ? readRecord(toBytes(row.value)) : blank));
      }
      return (await local.findMany(wanted, options)).map((value) => readRecord(value));
    },

    change,

    countEnds(prefix) {
      const left = ends.filter((key) => !key.startsWith(prefix));
      const count = ends.length - left.length;
      ends = left;
      return count;
    },

    readJson: async (row, options) => parse(await local.find(row, options)),
  };
}
