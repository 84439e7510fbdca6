import type { Awaitable, Entry, Store } from "../core/contract.ts";
import { check, quote, StoreError } from "../core/error.ts";
import { equalBytes } from "../core/value.ts";
import type { Action } from "./_access.ts";
import { runBatch } from "./_batch.ts";
import { streamChanges } from "./_changes.ts";
import { readBody } from "./_request.ts";
import {
  done,
  keep,
  readConditions,
  readTtl,
  refusal,
  writeEntry,
  writeJson,
  writeStream,
  type Lines,
  type Method,
  type Reply,
  type Resource,
} from "./wire.ts";

/** What is served at most at once, and by which clock. */
export interface Limits {
  readonly maxBytes: number;
  readonly maxItems: number;
  now(): number;
}

/** One request, as a route sees it. */
export interface Ask {
  readonly request: Request;
  /** The part of the store that the request may see, and what its keys begin with. */
  readonly store: Store;
  readonly before: string;
  readonly parameters: Partial<Record<string, string>>;
  /** Refuses what the request may not do. */
  allow(...actions: Action[]): void;
}

/** What is done about a method of a resource. */
export interface Route {
  readonly parameters: readonly string[];
  /** What a request has to be allowed to do. */
  readonly needs: readonly Action[];
  run(ask: Ask): Awaitable<Reply>;
}

/** What is done about a resource. */
export type Routes = { readonly [method in Method]?: Route };

// Of those who fight for a key one wins each time, so that even a crowd is through by then.
const tries = 64;

/** Returns what is done about each resource. */
export function createRoutes(limits: Limits): { readonly [resource in Resource]: Routes } {
  const { maxBytes, maxItems, now } = limits;
  /** Reads a live entry with the time that it has left. By the time it is here it may have expired. */
  async function find(store: Store, key: string): Promise<(Entry & { readonly ttl: number }) | undefined> {
    const entry = await store.entry(key);
    return entry && entry.expiresAt > now() ? { ...entry, ttl: entry.expiresAt - now() } : undefined;
  }

  async function read({ store, parameters: { key = "" }, request }: Ask): Promise<Reply> {
    const entry = await find(store, key);
    if (!entry) throw miss(key);
    const etag = await etagOf(entry.value);
    const conditions = readConditions(request);
    if (conditions.misses(etag)) throw refuseCondition(key);
    return writeEntry(entry.value, entry.ttl, etag, conditions.knows(etag));
  }

  async function write({ store, parameters: { key = "" }, request }: Ask): Promise<Reply> {
    const [ttl, conditions] = [readTtl(request), readConditions(request)];
    const value = await readBody(request, maxBytes);
    if (ttl !== keep && !conditions.any) {
      await store.set(key, value, { ttl });
      return done;
    }
    const kept = ttl === keep ? {} : { ttl };
    return change(store, key, request, (entry) => store.compareAndSet(key, entry?.value, value, kept));
  }

  async function remove({ store, parameters: { key = "" }, request }: Ask): Promise<Reply> {
    if (readConditions(request).any) return change(store, key, request, (entry) => removeIf(store, key, entry));
    await store.delete(key);
    return done;
  }

  /** Carries out a conditional change, which tells whether the entry was still there as the conditions were true of it. */
  async function change(
    store: Store,
    key: string,
    request: Request,
    carryOut: (entry: Entry | undefined) => Promise<boolean>,
  ): Promise<Reply> {
    const conditions = readConditions(request);
    for (let count = 0; count < tries; count++) {
      const entry = await find(store, key);
      const etag = entry && (await etagOf(entry.value));
      if (conditions.misses(etag) || conditions.knows(etag)) throw refuseCondition(key);
      if (await carryOut(entry)) return done;
    }
    throw new StoreError("conflict", `Cannot change key ${quote(key)}: expected others to do so less often`, { key });
  }

  async function list({ store, before, parameters: { prefix, limit = "1000", cursor } }: Ask): Promise<Reply> {
    const page = await store.list({
      prefix,
      limit: Math.min(/^\d+$/.test(limit) ? Number(limit) : NaN, maxItems),
      cursor: cursor === undefined ? undefined : unwrapCursor(cursor, before),
    });
    const time = now();
    // JSON has no Infinity, and writes null.
    const lines: Lines = {
      entries: page.entries
        .filter(({ expiresAt }) => expiresAt > time)
        .map(({ key, expiresAt, size }) => ({ key, ttl: expiresAt - time, size })),
      cursor: page.cursor === undefined ? undefined : wrapCursor(page.cursor, before),
    };
    return writeJson(lines);
  }

  async function clear({ store, parameters: { prefix } }: Ask): Promise<Reply> {
    // Who means everything has to say so.
    check(prefix !== undefined, "query", "a prefix, if only an empty one", prefix);
    await store.clear({ prefix });
    return done;
  }

  const entry = ["key"];
  return {
    batch: { POST: { parameters: [], needs: [], run: (ask) => runBatch(ask, limits) } },
    changes: {
      GET: {
        parameters: ["prefix"],
        needs: ["watch"],
        run: async ({ store, parameters }) => writeStream(await streamChanges(store, parameters.prefix)),
      },
    },
    entries: {
      GET: { parameters: ["prefix", "limit", "cursor"], needs: ["list"], run: list },
      DELETE: { parameters: ["prefix"], needs: ["write"], run: clear },
    },
    entry: {
      GET: { parameters: entry, needs: ["read"], run: read },
      HEAD: { parameters: entry, needs: ["read"], run: read },
      PUT: { parameters: entry, needs: ["write"], run: write },
      DELETE: { parameters: entry, needs: ["write"], run: remove },
    },
    increment: {
      POST: {
        parameters: ["key", "by"],
        // The sum tells the value.
        needs: ["read", "write"],
        async run({ store, parameters: { key = "", by = "1" }, request }) {
          const step = /^[-+.e\d]+$/i.test(by) ? Number(by) : NaN;
          return writeJson(await store.increment(key, step, { ttl: lifetime(request) }));
        },
      },
    },
    sweep: {
      POST: { parameters: [], needs: ["write"], run: async ({ store }) => writeJson(await store.sweep()) },
    },
    take: {
      POST: {
        parameters: entry,
        needs: ["read", "write"],
        async run({ store, parameters: { key = "" } }) {
          const value = await store.take(key);
          if (!value) throw miss(key);
          return writeEntry(value, Infinity);
        },
      },
    },
    touch: {
      POST: {
        parameters: entry,
        needs: ["write"],
        async run({ store, parameters: { key = "" }, request }) {
          if (!(await store.touch(key, { ttl: lifetime(request) }))) throw miss(key);
          return done;
        },
      },
    },
  };
}

/** Removes an entry if it still has that value, and tells whether it did. */
async function removeIf(store: Store, key: string, entry: Entry | undefined): Promise<boolean> {
  if (!entry) throw miss(key);
  const outrun = new Error("Value is another one");
  try {
    await store.update(key, (current) => {
      if (!equalBytes(current, entry.value)) throw outrun;
      return undefined;
    });
    return true;
  } catch (error) {
    if (error === outrun) return false;
    throw error;
  }
}

/** Returns the lifetime that a request asks for: ms or `Infinity`. */
function lifetime(request: Request): number {
  const ttl = readTtl(request);
  check(ttl !== keep, "ttl", "a number of ms above 0", ttl);
  return ttl;
}

function miss(key: string): StoreError {
  return new StoreError("not-found", `No value for key ${quote(key)}: expected a live one`, { key });
}

function refuseCondition(key: string): StoreError {
  return refusal("condition", `Cannot change key ${quote(key)}: expected what the request has as a condition`, { key });
}

/** Returns the strong tag of a value: the SHA-256 of its bytes. */
async function etagOf(value: Uint8Array): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", value as Uint8Array<ArrayBuffer>);
  return `"${Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("")}"`;
}

/** Writes a cursor without the prefix of a scope, which its holder does not see; many a cursor is the key before. */
function wrapCursor(cursor: string, before: string): string {
  if (before === "") return cursor;
  return cursor.startsWith(before) ? `+${cursor.slice(before.length)}` : `-${cursor}`;
}

function unwrapCursor(cursor: string, before: string): string {
  if (before === "") return cursor;
  check(/^[+-]/.test(cursor), "cursor", "the cursor of a page", cursor);
  return (cursor[0] === "+" ? before : "") + cursor.slice(1);
}
