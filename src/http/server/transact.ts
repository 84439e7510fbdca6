import { contend, outrun } from "../../core/contend.ts";
import type { Entry, NewEntry } from "../../core/contract.ts";
import { equalBytes } from "../../core/value.ts";
import { keep } from "../wire/ttl.ts";
import { findMany, measure } from "./findMany.ts";
import { optionsOf, type LiveEntry, type Runnable, type Subject } from "./operation.ts";
import type { Room } from "./room.ts";

/** What becomes of one key: it keeps what it has, or gets a value, or nothing, if what is there has a tag, or is nothing. */
export interface Step {
  readonly key: string;
  /** The tag of the entry that is there, `null` for none. */
  readonly tag: string | null;
  readonly next: Uint8Array | undefined | typeof keep;
  readonly ttl: number | undefined | typeof keep;
}

/** An entry with a tag of its own: another value or another deadline has another one. */
export type TaggedEntry = LiveEntry & { readonly tag: string };

/** Reads the entries of distinct keys as they are together. Refused when their values do not fit together. */
export const snapshot: Runnable<[keys: readonly string[], room: Room], (TaggedEntry | undefined)[]> = {
  needs: ["read"],
  takes: ["keys"],
  async run(subject, keys, room) {
    // Few at a time at first: how much they are together is to be known before they are all there.
    await measure(subject, keys, room);
    const entries = await subject.store.transact(keys, (found) => found, optionsOf(subject));
    return Promise.all(entries.map((entry) => tagged(subject, live(subject, entry))));
  },
};

/** Does steps, all of them or none, and returns whether all was there that they name. */
export const transact: Runnable<[steps: readonly Step[], room: Room], boolean> = {
  // Whether a tag was right gives the value away, by guessing.
  needs: ["read", "write"],
  takes: ["steps"],
  async run(subject, steps, room) {
    const keys = steps.map(({ key }) => key);
    // Few at a time at first: how much they are together is to be known before they are all there.
    let before = await findMany(subject, keys, room);
    const attempt = async (): Promise<boolean | typeof outrun> => {
      const entries = await Promise.all(before.map((entry) => tagged(subject, entry)));
      if (entries.some((entry, index) => (entry?.tag ?? null) !== steps[index]!.tag)) return false;
      let isMoved = false;
      const after = await subject.store.transact(
        keys,
        (found) => {
          isMoved = !found.every((entry, index) => isSame(entry, entries[index]));
          return isMoved ? found : found.map((entry, index) => nextOf(entry, steps[index]!));
        },
        optionsOf(subject),
      );
      if (!isMoved) return true;
      before = after.map((entry) => live(subject, entry));
      return outrun;
    };
    return contend(keys[0] ?? "", attempt, 0);
  },
};

function live({ now }: Subject, entry: Entry | undefined): LiveEntry | undefined {
  const ttl = entry ? entry.expiresAt - now() : 0;
  return entry && ttl > 0 ? { ...entry, ttl } : undefined;
}

async function tagged({ hash }: Subject, entry: LiveEntry | undefined): Promise<TaggedEntry | undefined> {
  if (!entry) return undefined;
  const digest = await hash(entry.value);
  return { ...entry, tag: entry.ttl === Infinity ? digest : `${digest}-${entry.expiresAt.toString(36)}` };
}

function isSame(a: Entry | undefined, b: Entry | undefined): boolean {
  return equalBytes(a?.value, b?.value) && a?.expiresAt === b?.expiresAt;
}

function nextOf(entry: Entry | undefined, { next, ttl }: Step): Entry | NewEntry | undefined {
  if (next === keep) return entry;
  if (!next) return undefined;
  return ttl === keep ? { value: next, expiresAt: entry?.expiresAt } : { value: next, ttl };
}
