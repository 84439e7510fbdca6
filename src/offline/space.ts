import type { Store } from "../core/contract.ts";
import { records } from "./names.ts";
import { readRecord, sizeOf, withoutValue, type Record } from "./record.ts";
import type { Reserve } from "./reserve.ts";

/** How much of what the other side has may be kept here. */
export interface Limits {
  now(): number;
  /** How many bytes a value may have. */
  readonly maxValueBytes?: number | undefined;
  /** How many bytes all values may have together. */
  readonly maxBytes?: number | undefined;
}

/** Knows how much is kept here of what the other side has. */
export interface Space {
  /** Resolves with how many bytes a value may have that is to be kept. */
  room(): Promise<number>;
  /** Whether a value may be kept, besides so many bytes more. */
  fits(size: number, more: number): boolean;
  /** Notes that so many bytes more are kept. */
  grew(by: number): void;
  /** How many bytes the last step had to write. */
  needed: number;
}

// When it is counted again where there is no room, since what expires goes without a word: ms.
const countAgain = 3_600_000;

export function createSpace(local: Store, { now, maxValueBytes = Infinity, maxBytes = Infinity }: Limits): Space {
  let held = 0;
  let counted: Promise<void> | undefined;
  let countedAt = 0;
  let isShort = false;

  async function count(): Promise<void> {
    countedAt = now();
    isShort = false;
    let sum = 0;
    for await (const { value } of local.entries({ prefix: records })) sum += sizeOf(readRecord(value));
    held = sum;
  }

  return {
    async room() {
      if (maxBytes < Infinity) {
        if (isShort && Math.abs(now() - countedAt) > countAgain) counted = undefined;
        await (counted ??= count().catch((error) => {
          counted = undefined;
          throw error;
        }));
      }
      return Math.max(0, Math.min(maxValueBytes, maxBytes - held));
    },
    fits(size, more) {
      isShort ||= held + more + size > maxBytes;
      return size <= maxValueBytes && held + more + size <= maxBytes;
    },
    grew: (by) => void (held += by),
    needed: 0,
  };
}

interface Records {
  readonly records: readonly Record[];
}

// How many values are given up at once.
const atOnce = 32;
// How much more is given up than what needs room: bytes.
const slack = 65_536;

/**
 * Gives up what was set aside, if that is given, and values that the other side has, and says each time that there may be room now. What
 * waits is not touched.
 */
export async function* makeRoom(
  local: Store,
  change: (keys: readonly string[], others: [], decide: (step: Records) => Records) => Promise<boolean>,
  space: Space,
  reserve: Reserve | undefined,
): AsyncGenerator<undefined, void> {
  if (await reserve?.release()) yield;
  const most = 2 * space.needed + slack;
  let freed = 0;
  let cursor: string | undefined;
  do {
    const page = await local.list({ prefix: records, limit: atOnce, cursor });
    let some = 0;
    const giveUp = (record: Record): Record => {
      if (record.pending[0]) return record;
      some += sizeOf(record);
      return withoutValue(record);
    };
    await change(
      page.entries.map(({ key }) => key.slice(records.length)),
      [],
      ({ records }) => {
        some = 0;
        return { records: records.map(giveUp) };
      },
    );
    freed += some;
    if (some) yield;
    ({ cursor } = page);
    // What is much too large finds no room in any case.
  } while (cursor !== undefined && freed <= most);
}
