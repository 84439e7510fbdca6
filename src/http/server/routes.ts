import type { Awaitable, Entry, Store } from "../../core/contract.ts";
import { check, quote, StoreError } from "../../core/error.ts";
import { checkPrefix } from "../../core/key.ts";
import type { Action } from "./access.ts";
import { runBatch } from "./batch.ts";
import { createStreams, pollChanges } from "./changes.ts";
import type { Feed } from "./feed.ts";
import type { Hash } from "./hash.ts";
import { done, readConditions, readTtl, readType, refusal, writeEntry, writeJson, writeType, type Reply } from "./reply.ts"; // prettier-ignore
import type { Types } from "./mediaTypes.ts";
import { removeIf } from "./removeIf.ts";
import { keep, type Lines, type Method, type Resource } from "../wire.ts";

/** What is served at most at once, and by which clock. */
export interface Limits {
  readonly maxBytes: number;
  readonly maxItems: number;
  readonly maxStreams: number;
  now(): number;
}

/** One request, as a route sees it. */
export interface Ask {
  readonly request: Request;
  /** The part of the store that the request may see, and what its keys begin with. */
  readonly store: Store;
  readonly before: string;
  readonly parameters: Partial<Record<string, string>>;
  /** Aborted when the client waits no longer. */
  readonly signal: AbortSignal | undefined;
  /** Reads the body. */
  body(): Promise<Uint8Array>;
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

/** An entry with the time that it has left: ms. */
type Lived = Entry & { readonly ttl: number };

// Of those who fight for a key one wins each time, so that even a crowd is through by then.
const tries = 64;

/** Returns what is done about each resource. */
export function createRoutes(
  limits: Limits,
  { feed, hash, types }: { feed: Feed; hash: Hash; types: Types },
): { readonly [resource in Resource]: Routes } {
  const { maxItems, now } = limits;
  const streamChanges = createStreams(feed, limits.maxStreams);

  /** Returns the strong tag of a value. */
  async function etagOf(value: Uint8Array): Promise<string> {
    return `"${await hash(value)}"`;
  }

  /** Reads a live entry with the time that it has left. By the time it is here it may have expired. */
  async function find({ store, signal }: Ask, key: string): Promise<Lived | undefined> {
    const entry = await store.entry(key, { signal });
    return entry && entry.expiresAt > now() ? { ...entry, ttl: entry.expiresAt - now() } : undefined;
  }

  async function read(ask: Ask): Promise<Reply> {
    const { parameters: { key = "" }, request, before, signal } = ask; // prettier-ignore
    const asked = types.find(before + key, { signal });
    // There are none about most values.
    const [entry, notes] = asked ? await Promise.all([find(ask, key), asked]) : [await find(ask, key)];
    if (!entry) throw miss(key);
    const etag = await etagOf(entry.value);
    const conditions = readConditions(request);
    if (conditions.misses(etag)) throw refuseCondition(key);
    const reply = writeEntry(entry.value, entry.ttl, etag, conditions.knows(etag));
    const [, type] = notes?.find(([noted]) => etag === `"${noted}"`) ?? [];
    return type ? writeType(reply, type, request) : reply;
  }

  async function write(ask: Ask): Promise<Reply> {
    const { store, parameters: { key = "" }, request, signal, before } = ask; // prettier-ignore
    const [ttl, conditions, type] = [readTtl(request), readConditions(request), readType(request)];
    const value = await ask.body();
    let life = ttl === keep ? Infinity : ttl;
    if (ttl !== keep && !conditions.any) await store.set(key, value, { ttl, signal });
    else {
      const options = { signal, ...(ttl !== keep && { ttl }) };
      await change(ask, key, (entry) => {
        if (ttl === keep) life = entry?.ttl ?? Infinity;
        return store.compareAndSet(key, entry?.value, value, options);
      });
    }
    // After the value: one that is refused leaves the type of the old one as it is.
    if (type) await types.note(before + key, await hash(value), type, { ttl: life, signal });
    return done;
  }

  async function remove(ask: Ask): Promise<Reply> {
    const { store, parameters: { key = "" }, request, signal } = ask; // prettier-ignore
    if (readConditions(request).any) {
      return change(ask, key, (entry) => {
        if (!entry) throw miss(key);
        return removeIf(store, key, entry.value, signal);
      });
    }
    await store.delete(key, { signal });
    return done;
  }

  /** Carries out a conditional change, which tells whether the entry was still there as the conditions were true of it. */
  async function change(
    ask: Ask,
    key: string,
    carryOut: (entry: Lived | undefined) => Promise<boolean>,
  ): Promise<Reply> {
    const conditions = readConditions(ask.request);
    for (let count = 0; count < tries; count++) {
      const entry = await find(ask, key);
      const etag = entry && (await etagOf(entry.value));
      if (conditions.misses(etag) || conditions.knows(etag)) throw refuseCondition(key);
      if (await carryOut(entry)) return done;
    }
    throw new StoreError("conflict", `Cannot change key ${quote(key)}: expected others to do so less often`, { key });
  }

  async function list({ store, before, parameters, signal }: Ask): Promise<Reply> {
    const { prefix, limit = "1000", cursor } = parameters;
    const page = await store.list({
      prefix,
      signal,
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

  async function clear({ store, parameters: { prefix }, signal }: Ask): Promise<Reply> {
    // Who means everything has to say so.
    check(prefix !== undefined, "query", "a prefix, if only an empty one", prefix);
    await store.clear({ prefix, signal });
    return done;
  }

  async function watch({ before, parameters: { prefix = "", after }, request }: Ask): Promise<Reply> {
    const { headers } = request;
    // What a browser sends by itself when it comes back is later than what the address says.
    const last = headers.get("last-event-id") ?? after;
    const wanted = { prefix: before + checkPrefix(prefix), hidden: before, after: last };
    return headers.get("accept")?.includes("application/json") ? pollChanges(feed, wanted) : streamChanges(wanted);
  }

  const entry = ["key"];
  return {
    batch: { POST: { parameters: [], needs: [], run: (ask) => runBatch(ask, { ...limits, hash }) } },
    changes: {
      GET: { parameters: ["prefix", "after"], needs: ["watch"], run: watch },
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
        async run({ store, parameters: { key = "", by = "1" }, request, signal }) {
          const step = /^[-+.e\d]+$/i.test(by) ? Number(by) : NaN;
          return writeJson(await store.increment(key, step, { ttl: lifetime(request), signal }));
        },
      },
    },
    sweep: {
      POST: {
        parameters: [],
        needs: ["write"],
        run: async ({ store, signal }) => writeJson(await store.sweep({ signal })),
      },
    },
    take: {
      POST: {
        parameters: entry,
        needs: ["read", "write"],
        async run({ store, parameters: { key = "" }, signal }) {
          const value = await store.take(key, { signal });
          if (!value) throw miss(key);
          return writeEntry(value, Infinity);
        },
      },
    },
    touch: {
      POST: {
        parameters: entry,
        needs: ["write"],
        async run({ store, parameters: { key = "" }, request, signal }) {
          if (!(await store.touch(key, { ttl: lifetime(request), signal }))) throw miss(key);
          return done;
        },
      },
    },
  };
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
