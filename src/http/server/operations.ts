import type { Entry, ListOptions, Page, Store } from "../../core/contract.ts";
import { contend, outrun } from "../../core/contend.ts";
import { removeIf } from "../../core/removeIf.ts";
import type { BatchCall } from "../wire/batch.ts";
import type { Method, Resource } from "../wire/resource.ts";
import { keep } from "../wire/ttl.ts";
import type { Hash } from "./hash.ts";
import { refusal } from "./refusal.ts";
import type { Action } from "./scope.ts";

// All that can be done with a store that is served. A request asks for one operation, a batch for several: both take from
// here what its sender needs, what it takes, and how it is done.

/** What an operation is carried out on. */
export interface Subject {
  /** The part of the store that the request may see. */
  readonly store: Store;
  /** Aborts what is under way. Without one a call of the store costs less. */
  readonly signal?: AbortSignal | undefined;
  readonly hash: Hash;
  now(): number;
}

/** An entry with the time that it has left: ms. */
export type LiveEntry = Entry & { readonly ttl: number };

const isSize = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isNumberOrNull = (value: unknown): boolean => value === null || typeof value === "number";

/** The arguments that travel on a line of a batch, each with its shape there. Whether it makes sense is for the store to say. */
export const shapes = {
  key: (value: unknown) => typeof value === "string",
  size: isSize,
  sizeOrNone: (value: unknown) => value === null || isSize(value),
  by: isNumberOrNull,
  ttl: isNumberOrNull,
  ttlOrKeep: (value: unknown) => value === keep || isNumberOrNull(value),
  tagOrNone: (value: unknown) => value === null || typeof value === "string",
} as const;

/** The arguments that a request has in its query. */
const queryArguments = ["key", "by", "prefix", "limit", "cursor", "after"] as const;

export type Argument = keyof typeof shapes | (typeof queryArguments)[number] | "keys" | "items";

/** One thing that can be done. */
export interface Operation {
  /** What its sender has to be allowed to do. */
  readonly needs: readonly Action[];
  /** Its arguments, in the order in which a line of a batch has them. */
  readonly takes: readonly Argument[];
  /** Does it. What a sender may do is checked before. */
  run?(subject: Subject, ...given: any[]): Promise<unknown>;
}

const optionsOf = ({ signal }: Subject): { signal: AbortSignal } | undefined => signal && { signal };

/** Reads a live entry with the time that it has left. By the time it is here it may have expired. */
async function find(subject: Subject, key: string): Promise<LiveEntry | undefined> {
  const entry = await subject.store.entry(key, optionsOf(subject));
  const ttl = entry ? entry.expiresAt - subject.now() : 0;
  return entry && ttl > 0 ? { value: entry.value, expiresAt: entry.expiresAt, ttl } : undefined;
}

/** Puts a value, or nothing, in the place of another, or of nothing, and reports whether it was still there. */
function replace(
  subject: Subject,
  key: string,
  old: Uint8Array | undefined,
  next: Uint8Array | undefined,
  ttl: number | typeof keep,
): Promise<boolean> {
  const { store, signal } = subject;
  if (!next) return removeIf(store, key, old, signal);
  return store.compareAndSet(key, old, next, ttl === keep ? optionsOf(subject) : { ttl, signal });
}

// How many entries are read at once, so that too much of them is noticed before it is all there.
const portion = 100;

export const operations = {
  find: { needs: ["read"], takes: ["key"], run: find },
  set: {
    needs: ["write"],
    takes: ["key", "size", "ttl"],
    run: ({ store, signal }: Subject, key: string, value: Uint8Array, ttl?: number): Promise<void> =>
      store.set(key, value, ttl === undefined && !signal ? undefined : { ttl, signal }),
  },
  /** Writes or removes what `judge` approves of, until nobody else does so in between. `judge` throws what it refuses with. */
  change: {
    needs: ["write"],
    takes: ["key", "sizeOrNone", "ttlOrKeep"],
    run: (
      subject: Subject,
      key: string,
      next: Uint8Array | undefined,
      ttl: number | typeof keep,
      judge: (entry: LiveEntry | undefined) => Promise<void>,
    ): Promise<LiveEntry | undefined> =>
      contend(
        key,
        async () => {
          const entry = await find(subject, key);
          await judge(entry);
          return (await replace(subject, key, entry?.value, next, ttl)) ? entry : outrun;
        },
        { step: 0 },
      ),
  },
  /** Writes or removes a value if the one that is there has a tag, or if there is none, and reports whether it did. */
  swap: {
    needs: ["write"],
    takes: ["key", "sizeOrNone", "tagOrNone", "ttlOrKeep"],
    async run(
      subject: Subject,
      key: string,
      next: Uint8Array | undefined,
      tag: string | null,
      ttl: number | typeof keep,
    ): Promise<boolean> {
      const old = tag === null ? undefined : await subject.store.find(key, optionsOf(subject));
      if (tag !== null && !(old && tag === (await subject.hash(old)))) return false;
      return replace(subject, key, old, next, ttl);
    },
  },
  delete: {
    needs: ["write"],
    takes: ["key"],
    run: (subject: Subject, key: string): Promise<void> => subject.store.delete(key, optionsOf(subject)),
  },
  /** Deletes what there may be: among many calls one that finds nothing is no error. */
  discard: {
    needs: ["write"],
    takes: ["key"],
    run: async (subject: Subject, key: string): Promise<boolean> =>
      (await subject.store.deleteMany([key], optionsOf(subject))) > 0,
  },
  take: {
    // The value is returned.
    needs: ["read", "write"],
    takes: ["key"],
    run: (subject: Subject, key: string): Promise<Uint8Array | undefined> =>
      subject.store.take(key, optionsOf(subject)),
  },
  increment: {
    // The sum gives the value away.
    needs: ["read", "write"],
    takes: ["key", "by", "ttl"],
    run: ({ store, signal }: Subject, key: string, by: number, ttl: number | undefined): Promise<number> =>
      store.increment(key, by, { ttl, signal }),
  },
  touch: {
    needs: ["write"],
    takes: ["key", "ttl"],
    run: ({ store, signal }: Subject, key: string, ttl: number): Promise<boolean> => store.touch(key, { ttl, signal }),
  },
  /** Reads many entries. Refused above so many bytes of values together. */
  findMany: {
    needs: ["read"],
    takes: ["keys"],
    async run(subject: Subject, keys: readonly string[], maxBytes: number): Promise<(LiveEntry | undefined)[]> {
      const found: (Entry | undefined)[] = [];
      for (let at = 0, size = 0; at < keys.length; at += portion) {
        // Not findMany: a value goes out with its deadline, or it could arrive too late.
        const reads = keys.slice(at, at + portion).map((key) => subject.store.entry(key, optionsOf(subject)));
        const entries = await Promise.all(reads);
        found.push(...entries);
        size += entries.reduce((sum, entry) => sum + (entry?.value.length ?? 0), 0);
        if (size > maxBytes) throw refusal("size", `Values are too large together: expected at most ${maxBytes} bytes`);
      }
      const time = subject.now();
      return found.map((entry) =>
        entry && entry.expiresAt > time ? { ...entry, ttl: entry.expiresAt - time } : undefined,
      );
    },
  },
  setMany: {
    needs: ["write"],
    takes: ["items"],
    run: (
      subject: Subject,
      items: readonly (readonly [key: string, value: Uint8Array, options: { ttl: number | undefined }])[],
    ): Promise<void> => subject.store.setMany(items, optionsOf(subject)),
  },
  deleteMany: {
    needs: ["write"],
    takes: ["keys"],
    run: (subject: Subject, keys: readonly string[]): Promise<number> =>
      subject.store.deleteMany(keys, optionsOf(subject)),
  },
  list: {
    needs: ["list"],
    takes: ["prefix", "limit", "cursor"],
    run: ({ store, signal }: Subject, options: ListOptions): Promise<Page> => store.list({ ...options, signal }),
  },
  clear: {
    needs: ["write"],
    takes: ["prefix"],
    run: ({ store, signal }: Subject, prefix: string): Promise<void> => store.clear({ prefix, signal }),
  },
  sweep: {
    needs: ["write"],
    takes: [],
    run: (subject: Subject): Promise<number> => subject.store.sweep(optionsOf(subject)),
  },
  /** No call of the store: all who watch share one watch, which is the feed's. */
  watch: { needs: ["watch"], takes: ["prefix", "after"] },
  /** Whatever is in it needs rights of its own. */
  batch: { needs: [], takes: [] },
} as const satisfies Readonly<Record<string, Operation>>;

/** What each request asks for. */
export const requests = {
  batch: { POST: "batch" },
  changes: { GET: "watch" },
  entries: { GET: "list", DELETE: "clear" },
  entry: { GET: "find", HEAD: "find", PUT: "set", DELETE: "delete" },
  increment: { POST: "increment" },
  sweep: { POST: "sweep" },
  take: { POST: "take" },
  touch: { POST: "touch" },
} as const satisfies { readonly [resource in Resource]: { readonly [method in Method]?: keyof typeof operations } };

/** What each call of a batch asks for. */
export const calls = {
  get: "find",
  getTagged: "find",
  has: "find",
  delete: "discard",
  take: "take",
  set: "set",
  increment: "increment",
  touch: "touch",
  swap: "swap",
} as const satisfies { readonly [name in BatchCall[0]]: keyof typeof operations };

/** Returns what the query of a request for an operation may have. */
export function parametersOf({ takes }: Operation): string[] {
  return takes.filter((argument) => (queryArguments as readonly string[]).includes(argument));
}
