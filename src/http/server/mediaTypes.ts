import type { Awaitable, CallOptions, Store } from "../../core/contract.ts";
import { readJson } from "../wire/json.ts";
import { isMediaType, plainType } from "../wire/mediaType.ts";

/** The types of the values under a key, by the hashes of the values: the one that was noted last comes first. */
export type Notes = readonly (readonly [hash: string, type: string])[];

/**
 * Remembers what type a value is of. A note is good for the very bytes that it was made for, so it can never belong to
 * other bytes.
 */
export interface Types {
  /** Reads the notes about a key; nothing if there are none. */
  find(key: string, options: CallOptions): Awaitable<Notes | undefined>;
  /** Notes the type of a value that lives for so long: ms. */
  note(key: string, hash: string, type: string, options: CallOptions & { ttl: number }): Awaitable<void>;
}

// Each of several writers of one key at once has a note, so that the last one has.
const most = 4;
// For how many keys this process has notes by itself.
const maxKeys = 10_000;

/** Returns what remembers types in a store, or, without one, those of the last keys in this process. */
export function createTypes(store: Store | undefined): Types {
  if (!store) return createOwnTypes();
  return {
    find: async (key, options) => decode(await store.find(key, options)),
    async note(key, hash, type, options) {
      await store.update(key, (current) => encode(add(decode(current), hash, type)), options);
    },
  };
}

function createOwnTypes(): Types {
  const known = new Map<string, Notes>();
  return {
    find: (key) => known.get(key),
    note(key, hash, type) {
      const notes = add(known.get(key), hash, type);
      // The last goes to the end.
      known.delete(key);
      if (notes.length) known.set(key, notes);
      if (known.size > maxKeys) known.delete(known.keys().next().value!);
    },
  };
}

/** Returns a store whose removals and new deadlines hold for the notes about it too, so that none is left behind for ever. */
export function withNotes(store: Store, notes: Store, report: (error: unknown) => void): Store {
  // First of all: the note about a value that is written meanwhile comes after that value.
  const drop = (keys: string[]): Promise<unknown> => notes.deleteMany(keys).catch(report);
  return {
    ...store,
    async delete(key, options) {
      await drop([key]);
      return store.delete(key, options);
    },
    async take(key, options) {
      await drop([key]);
      return store.take(key, options);
    },
    async deleteMany(keys, options) {
      const all = [...keys];
      await drop(all);
      return store.deleteMany(all, options);
    },
    async clear(options) {
      await notes.clear({ prefix: options?.prefix }).catch(report);
      return store.clear(options);
    },
    async update(key, change, options) {
      const value = await store.update(key, change, options);
      if (value === undefined) await drop([key]);
      return value;
    },
    async touch(key, options) {
      const isThere = await store.touch(key, options);
      if (isThere) await notes.touch(key, options).catch(report);
      return isThere;
    },
  };
}

function add(notes: Notes = [], hash: string, type: string): Notes {
  const others = notes.filter(([known]) => known !== hash);
  return type === plainType ? others : [[hash, type] as const, ...others].slice(0, most);
}

function encode(notes: Notes): Uint8Array | undefined {
  return notes.length ? new TextEncoder().encode(JSON.stringify(notes)) : undefined;
}

/** Reads notes; what is damaged is none. */
function decode(bytes: Uint8Array | undefined): Notes | undefined {
  if (!bytes) return undefined;
  try {
    return (readJson(bytes) as Notes).filter(([, type]) => isMediaType(type));
  } catch {
    return undefined;
  }
}
