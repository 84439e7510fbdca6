import type { ListOptions, Page } from "../../core/contract.ts";
import { contend, outrun } from "../../core/contend.ts";
import { removeIf } from "../../core/removeIf.ts";
import type { BatchCall } from "../wire/batch.ts";
import type { PushStep } from "../wire/push.ts";
import type { Method, Resource } from "../wire/resource.ts";
import { keep } from "../wire/ttl.ts";
import { findMany } from "./findMany.ts";
import { getUnless } from "./getUnless.ts";
import { listTagged } from "./listTagged.ts";
import { optionsOf, type Argument, type LiveEntry, type Operation, type Runnable, type Subject } from "./operation.ts";
import { partOf } from "./partOf.ts";
import type { Room } from "./room.ts";
import { snapshot, transact } from "./transact.ts";

// All that can be done with a store that is served. A request asks for one operation, a batch for several: both take from
// here what its sender needs, what it takes, and how it is done.

type Item = readonly [key: string, value: Uint8Array, options: { readonly ttl: number | undefined }];
type Judge = (entry: LiveEntry | undefined) => Promise<void>;
type Ttl = number | typeof keep;

export interface Operations {
  readonly find: Runnable<[key: string], LiveEntry | undefined>;
  readonly set: Runnable<[key: string, value: Uint8Array, ttl: number | undefined], void>;
  /**
   * Writes or removes what `judge` approves of, until nobody else does so in between, and returns the entry from before.
   * `judge` throws what it refuses with.
   */
  readonly change: Runnable<[key: string, next: Uint8Array | undefined, ttl: Ttl, judge: Judge], LiveEntry | undefined>;
  /** Writes or removes a value if the one that is there has a tag, or if there is none, and returns whether it did. */
  readonly swap: Runnable<[key: string, next: Uint8Array | undefined, tag: string | null, ttl: Ttl], boolean>;
  readonly delete: Runnable<[key: string], void>;
  /** Deletes what there may be, and returns whether there was something: among many calls a miss is no error. */
  readonly discard: Runnable<[key: string], boolean>;
  readonly take: Runnable<[key: string], Uint8Array | undefined>;
  readonly increment: Runnable<[key: string, by: number, ttl: number | undefined], number>;
  readonly touch: Runnable<[key: string, ttl: number], boolean>;
  /** Reads many entries. Refused when their values do not fit together. */
  readonly findMany: Runnable<[keys: readonly string[], room: Room], (LiveEntry | undefined)[]>;
  readonly setMany: Runnable<[items: readonly Item[]], void>;
  readonly deleteMany: Runnable<[keys: readonly string[]], number>;
  readonly snapshot: typeof snapshot;
  readonly transact: typeof transact;
  /** Reads of many entries what is not known of them. */
  readonly getUnless: typeof getUnless;
  readonly list: Runnable<[options: ListOptions], Page>;
  readonly listTagged: typeof listTagged;
  readonly clear: Runnable<[prefix: string], void>;
  /** Removes what has expired among the keys with a prefix, and counts it. */
  readonly sweep: Runnable<[prefix: string], number>;
  /** No call of the store: all who watch share one watch, which is the feed's. */
  readonly watch: Operation;
  /** Whatever is in it needs rights of its own. */
  readonly batch: Operation;
  /** Each step needs rights of its own besides. */
  readonly push: Operation;
  /** Gives a replica the name under which its pushes are counted. */
  readonly greet: Operation;
}

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

export const operations: Operations = {
  find: { needs: ["read"], takes: ["key"], run: find },
  set: {
    needs: ["write"],
    takes: ["key", "size", "ttl"],
    run: ({ store, signal }, key, value, ttl) =>
      store.set(key, value, ttl === undefined && !signal ? undefined : { ttl, signal }),
  },
  change: {
    // Whether the condition was true gives the value away, by guessing.
    needs: ["read", "write"],
    takes: ["key", "sizeOrNone", "ttlOrKeep"],
    run: (subject, key, next, ttl, judge) =>
      contend(
        key,
        async () => {
          const entry = await find(subject, key);
          await judge(entry);
          return (await replace(subject, key, entry?.value, next, ttl)) ? entry : outrun;
        },
        0,
      ),
  },
  swap: {
    // Whether the tag was right gives the value away, by guessing.
    needs: ["read", "write"],
    takes: ["key", "sizeOrNone", "tagOrNone", "ttlOrKeep"],
    async run(subject, key, next, tag, ttl) {
      const old = tag === null ? undefined : await subject.store.find(key, optionsOf(subject));
      if (tag !== null && !(old && tag === (await subject.hash(old)))) return false;
      return replace(subject, key, old, next, ttl);
    },
  },
  delete: { needs: ["write"], takes: ["key"], run: (subject, key) => subject.store.delete(key, optionsOf(subject)) },
  discard: {
    needs: ["write"],
    takes: ["key"],
    run: async (subject, key) => (await subject.store.deleteMany([key], optionsOf(subject))) > 0,
  },
  take: {
    // The value is returned.
    needs: ["read", "write"],
    takes: ["key"],
    run: (subject, key) => subject.store.take(key, optionsOf(subject)),
  },
  increment: {
    // The sum gives the value away.
    needs: ["read", "write"],
    takes: ["key", "by", "ttl"],
    run: ({ store, signal }, key, by, ttl) => store.increment(key, by, { ttl, signal }),
  },
  touch: {
    needs: ["write"],
    takes: ["key", "ttl"],
    run: ({ store, signal }, key, ttl) => store.touch(key, { ttl, signal }),
  },
  findMany: { needs: ["read"], takes: ["keys"], run: findMany },
  setMany: {
    needs: ["write"],
    takes: ["items"],
    run: (subject, items) => subject.store.setMany(items, optionsOf(subject)),
  },
  deleteMany: {
    needs: ["write"],
    takes: ["keys"],
    run: (subject, keys) => subject.store.deleteMany(keys, optionsOf(subject)),
  },
  snapshot,
  transact,
  getUnless,
  list: {
    needs: ["list"],
    takes: ["prefix", "limit", "cursor", "tags"],
    run: ({ store, signal }, options) => store.list({ ...options, signal }),
  },
  listTagged,
  clear: {
    needs: ["write"],
    takes: ["prefix"],
    run: ({ store, signal }, prefix) => store.clear({ prefix, signal }),
  },
  sweep: {
    needs: ["write"],
    takes: ["prefix"],
    run: (subject, prefix) => partOf(subject.store, prefix).sweep(optionsOf(subject)),
  },
  watch: { needs: ["watch"], takes: ["prefix", "after"] },
  batch: { needs: [], takes: [] },
  push: { needs: ["write"], takes: ["steps"] },
  greet: { needs: ["write"], takes: [] },
};

/** Those that a request may ask for. */
export type Requested = "batch" | "clear" | "delete" | "find" | "greet" | "increment" | "list" | "set" | "sweep" | "take" | "touch" | "watch"; // prettier-ignore

/** What each request asks for. */
export const requests: { readonly [resource in Resource]: { readonly [method in Method]?: Requested } } = {
  batch: { POST: "batch" },
  changes: { GET: "watch" },
  entries: { GET: "list", DELETE: "clear" },
  entry: { GET: "find", HEAD: "find", PUT: "set", DELETE: "delete" },
  increment: { POST: "increment" },
  replica: { POST: "greet" },
  sweep: { POST: "sweep" },
  take: { POST: "take" },
  touch: { POST: "touch" },
};

/** What each call of a batch asks for. */
export const calls: { readonly [name in BatchCall[0]]: keyof Operations } = {
  get: "find",
  getTagged: "find",
  has: "find",
  delete: "discard",
  take: "take",
  set: "set",
  increment: "increment",
  touch: "touch",
  swap: "swap",
};

/** What each step of a push asks for. */
export const steps: { readonly [name in PushStep[0]]: "swap" | "increment" | "touch" } = {
  write: "swap",
  add: "increment",
  touch: "touch",
};

/** Returns the arguments of a step of a push, in their order. What is written has a lifetime of its own. */
export function argumentsOf(name: PushStep[0]): readonly Argument[] {
  return operations[steps[name]].takes.map((argument) => (argument === "ttlOrKeep" ? "ttl" : argument));
}
