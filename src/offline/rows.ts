import type { CallOptions, Store } from "../core/contract.ts";
import { isStoreError } from "../core/error.ts";
import { readerOf } from "../core/readerOf.ts";
import { isPast, toBytes } from "../core/value.ts";
import { parse } from "./json.ts";
import { records } from "./names.ts";
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
  /** Reads a row of JSON. */
  readJson<T>(row: string, options?: CallOptions): Promise<T | undefined>;
}

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

  const change: Change = async (keys, others, decide, how = {}) => {
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

    read: async (keys, options) => {
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
