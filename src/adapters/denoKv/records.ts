import type { Entry } from "../../core/contract.ts";
import { outrun } from "../../core/contend.ts";
import { kindOf, quote, StoreError } from "../../core/error.ts";
import { isBytes, joinBytes } from "../../core/value.ts";
import { withCode } from "./failure.ts";
import { maxReads, type DenoKvLike, type KvEntry, type KvKey } from "./kv.ts";

/** What lies under a key of the store: the value, or where its parts lie. */
export interface Head {
  readonly expiresAt: number;
  readonly value?: Uint8Array;
  /** What the entry goes by elsewhere: in the index of deadlines, and with its parts. */
  readonly id?: string;
  readonly parts?: number;
  readonly size?: number;
}

/** A head as it was read, and at which version. */
export interface Found {
  readonly key: string;
  readonly versionstamp: string | null;
  readonly head: Head | undefined;
  /** The bytes, once they were read. */
  value?: Uint8Array;
}

/** Where the records of a store lie, which all begin with the same part. */
export interface Places {
  head(key: string): KvKey;
  /** What holds the key of an entry that expires. */
  due(expiresAt: number, id: string): KvKey;
  part(id: string, index: number): KvKey;
  /** What says that nobody refers to the parts of this id, or nobody yet. */
  stray(id: string): KvKey;
  /** All heads from a key on, or from after it. */
  heads(from: string, isAfter: boolean): { start: KvKey; end: KvKey };
  dues(now: number): { start: KvKey; end: KvKey };
  strays(): { start: KvKey; end: KvKey };
}

export function createPlaces(prefix: string): Places {
  return {
    head: (key) => [prefix, "v", key],
    due: (expiresAt, id) => [prefix, "e", expiresAt, id],
    part: (id, index) => [prefix, "p", id, index],
    stray: (id) => [prefix, "s", id],
    heads: (from, isAfter) => ({ start: [prefix, "v", from, ...(isAfter ? [""] : [])], end: [prefix, "w"] }),
    dues: (now) => ({ start: [prefix, "e"], end: [prefix, "e", Math.floor(now) + 1] }),
    strays: () => ({ start: [prefix, "s"], end: [prefix, "t"] }),
  };
}

/** Reads what lies in the store. */
export interface Reader {
  heads(keys: readonly string[]): Promise<Found[]>;
  found(entry: KvEntry): Found;
  /** Reads the entry of a head, {@link outrun} if it was replaced meanwhile. What is damaged throws when its value is looked at. */
  entry(found: Found): Promise<Entry | undefined | typeof outrun>;
}

export function createReader(kv: DenoKvLike, places: Places): Reader {
  async function getMany(key: string | undefined, wanted: readonly KvKey[]): Promise<KvEntry[]> {
    const groups: Promise<KvEntry[]>[] = [];
    for (let at = 0; at < wanted.length; at += maxReads) {
      groups.push(withCode(key, () => kv.getMany(wanted.slice(at, at + maxReads)) as Promise<KvEntry[]>));
    }
    return (await Promise.all(groups)).flat();
  }

  function found({ key, value, versionstamp }: KvEntry): Found {
    const isHead = kindOf(value) === "Object" && typeof (value as Head).expiresAt === "number";
    // What is none of the store's stays until somebody replaces or removes it.
    const head = isHead ? (value as Head) : versionstamp === null ? undefined : { expiresAt: Infinity };
    return { key: key[2] as string, versionstamp, head };
  }

  async function heads(keys: readonly string[]): Promise<Found[]> {
    return (await getMany(keys[0], keys.map(places.head))).map(found);
  }

  return {
    heads,
    found,
    async entry(read) {
      const { key, head } = read;
      if (!head) return undefined;
      const { expiresAt, value, id, parts = 0 } = head;
      if (isBytes(value)) return { value: (read.value = value), expiresAt };
      const wanted = Array.from({ length: parts }, (_, index) => places.part(id!, index));
      const bytes = (await getMany(key, wanted)).map((part) => part.value);
      if (parts && bytes.every(isBytes)) return { value: (read.value = joinBytes(bytes)), expiresAt };
      // Parts go after the head that refers to them.
      const [again] = await heads([key]);
      return again!.versionstamp === read.versionstamp ? unreadable(key, expiresAt) : outrun;
    },
  };
}

function unreadable(key: string, expiresAt: number): Entry {
  return {
    expiresAt,
    get value(): never {
      const message = `Cannot decode key ${quote(key)}: expected a whole record of the store`;
      throw new StoreError("cant-decode", message, { key });
    },
  };
}
