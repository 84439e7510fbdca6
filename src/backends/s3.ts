import {
  UNCHANGED,
  type Call,
  type Decision,
  type Entry,
  type CompleteBackend,
  type Listed,
  type Store,
} from "../core/contract.ts";
import { createCompleteStore } from "../core/createCompleteStore.ts";
import { quote, StoreError } from "../core/error.ts";
import { checkOptions } from "../core/options.ts";
import type { Factory } from "../core/registry.ts";
import { createBucket, type Found, type Line } from "./s3/bucket.ts";
import { readCredentials } from "./s3/credentials.ts";
import { createNames } from "./s3/names.ts";
import { foreign, gone, seal, type Meta } from "./s3/object.ts";
import type { S3Options } from "./s3/options.ts";
import { rulesFor } from "./s3/rules.ts";
import { createSend, pause } from "./s3/send.ts";

export type { S3Options } from "./s3/options.ts";

declare module "../core/registry.ts" {
  interface Backends {
    s3: S3Options;
  }
}

/**
 * Returns a store in a bucket of S3, or of a service that speaks like it and shows a write to every reader and listing at
 * once. Any number of processes may share it. Atomic calls need a service that heeds `If-Match` and `If-None-Match` of a
 * PUT, which is found out when it first matters, and reject `unsupported` where it does not; one that others keep
 * outrunning rejects `conflict`, and so does one whose outcome nobody knows, because its answer was lost and others have written
 * since. A write of many is one request for each, and some may be written when it rejects. There is no `watch`. Throws
 * `bad-config`.
 *
 * A value is an object named `v/` and its key (each byte besides `A-Z a-z 0-9 _ - .` as `!` and two hex digits; of a long
 * one the beginning and a hash), as the bytes that it is, after which the deadline follows if there is one. Its metadata tell the deadline
 * too. What is to be swept is marked by an empty object below `e/`, which is named after its time. Where the service heeds
 * no `If-Match` of a DELETE, what expired or was taken leaves an object of 29 bytes in its place.
 */
export function s3(options: S3Options): Store {
  return s3Factory.build(s3Factory.valid(options)) as Store;
}

export const s3Factory: Factory<S3Options> = {
  valid: (parameters) => checkOptions<S3Options>("s3", parameters, rulesFor(parameters)),
  build: (options) => createCompleteStore(s3Backend(options), options),
};

// Of those who fight for a key one wins each time, so that even a crowd is through by then.
const tries = 64;
// And how long one waits between two tries: ms.
const longestPause = 50;
// The most that a page of a listing holds.
const longestPage = 1000;
// Of how many objects it is remembered what they hold, so that listing them again asks for nothing.
const remembered = 20_000;

function s3Backend(options: S3Options): CompleteBackend {
  const names = createNames(options.prefix ?? "");
  const bucket = createBucket(createSend(options, readCredentials(options)), names);
  const known = new Map<string, Meta>();
  const turns = new Map<string, Promise<unknown>>();

  /** Reads what lies under a key. What only stands for a removed value comes without it. */
  async function read(key: string, name: string, call: Call): Promise<(Found & { entry?: Entry }) | undefined> {
    const found = await bucket.read(name, call);
    if (!found) return undefined;
    const { meta, value } = found;
    if (!meta || !value) throw foreign(key);
    return meta.expiresAt === gone.expiresAt ? found : { ...found, entry: { value, expiresAt: meta.expiresAt } };
  }

  /** Writes an object by `how`, after the mark by which it will be swept, unless it is known to be there. */
  async function write<R>(
    key: string,
    name: string,
    entry: Entry,
    call: Call,
    how: (object: Awaited<ReturnType<typeof seal>>) => Promise<R>,
    found?: Found,
  ): Promise<R> {
    const mark = names.ofMark(name, entry.expiresAt);
    const isMarked = mark === undefined || (found?.meta && mark === names.ofMark(name, found.meta.expiresAt));
    if (!isMarked) await bucket.mark(mark, call);
    const result = await how(await seal(entry, names.keyOf(name) === undefined ? key : undefined, found?.meta));
    // It took so long that a sweep may have seen the mark and not yet the object.
    if (mark !== undefined && names.readMark(mark)!.until <= call.now()) await bucket.mark(mark, call);
    return result;
  }

  async function get(key: string, call: Call): Promise<Entry | undefined> {
    return (await read(key, await names.ofKey(key), call))?.entry;
  }

  async function set(key: string, entry: Entry, call: Call): Promise<void> {
    const name = await names.ofKey(key);
    await write(key, name, entry, call, (object) => bucket.put(name, object, call));
  }

  /** Removes what was found, if it is still there. Resolves with whether it was. */
  async function remove(found: Found, name: string, whoever: "mine" | "conflict", call: Call): Promise<boolean> {
    const { putsIf, deletesIf } = await bucket.manners();
    if (deletesIf) return bucket.dropFound(found, name, whoever, call);
    if (!putsIf) throw unconditional();
    return bucket.putOver(found, name, await seal(gone, undefined, found.meta), call);
  }

  async function change(key: string, decide: Decision, call: Call): Promise<void> {
    const name = await names.ofKey(key);
    if (!(await bucket.manners()).putsIf) throw unconditional();
    for (let count = 1; count <= tries; count++) {
      const found = await read(key, name, call);
      const next = decide(found?.entry);
      if (next === UNCHANGED || !(next || found?.entry)) return;
      const isDone = next
        ? await write(key, name, next, call, (object) => bucket.putOver(found, name, object, call), found)
        : await remove(found!, name, "conflict", call);
      if (isDone) return;
      await pause(Math.min(4 * count, longestPause));
    }
    throw outrun(key);
  }

  /** Removes what lies under a key, damaged or not, and tells whether it was live. */
  async function erase(key: string, call: Call): Promise<boolean> {
    const name = await names.ofKey(key);
    const { putsIf, deletesIf } = await bucket.manners();
    for (let count = 1; count <= tries; count++) {
      const found = await bucket.look(name, call);
      if (!found || found.meta?.expiresAt === gone.expiresAt) return false;
      const isLive = !found.meta || found.meta.expiresAt > call.now();
      if (!putsIf || (await remove(found, name, "mine", call))) {
        // Whoever writes the value just now has it removed too: nobody can tell which of the two was first.
        if (!deletesIf) await bucket.drop(name, call);
        return isLive;
      }
      await pause(Math.min(4 * count, longestPause));
    }
    throw outrun(key);
  }

  /** Reads what a listed object holds, unless it has been read before; nothing if it is gone. */
  async function describe({ name, etag }: Line, call: Call): Promise<Pick<Found, "meta"> | undefined> {
    // A tag stands for value and deadline, but not for the key.
    const id = (tag: string): string => (names.keyOf(name) === undefined ? name + tag : tag);
    const meta = known.get(id(etag));
    if (meta) return { meta };
    const found = await bucket.look(name, call);
    if (found?.meta) known.set(id(found.etag), found.meta);
    if (known.size > remembered) known.delete(known.keys().next().value!);
    return found;
  }

  /** The line of a listing for an object; nothing if it holds no value of the prefix. */
  async function show(line: Line, prefix: string, call: Call): Promise<Listed | undefined> {
    const found = await describe(line, call);
    const key = names.keyOf(line.name) ?? found?.meta?.key;
    if (!found || key === undefined || !key.startsWith(prefix)) return undefined;
    // What others have put there is listed too: reading it says what is wrong, and removing it helps.
    const { expiresAt = Infinity, size } = found.meta ?? {};
    return expiresAt === gone.expiresAt ? undefined : { key, expiresAt, size };
  }

  /** Removes an object that is not to outlive now, or the mark of one that needs it no more. Counts what expired. */
  async function sweepOne(mark: string, call: Call): Promise<number> {
    const { name, until, width } = names.readMark(mark)!;
    const found = await bucket.look(name, call);
    const { expiresAt = Infinity } = found?.meta ?? {};
    const isExpired = expiresAt !== gone.expiresAt && expiresAt <= call.now();
    if (isExpired && !(await remove(found!, name, "mine", call))) return 0;
    // A value that is being written finds its mark there for a while longer.
    const isNeeded = !isExpired && names.ofMark(name, expiresAt) === mark;
    if (!isNeeded && until + width <= call.now()) await bucket.drop(mark, call);
    return isExpired ? 1 : 0;
  }

  return finishing({
    returnsCopies: true,
    isPersistent: () => true,
    get,
    set,
    delete: erase,
    async head(key, call) {
      const found = await bucket.look(await names.ofKey(key), call);
      if (found && !found.meta) throw foreign(key);
      return found?.meta?.expiresAt === gone.expiresAt ? undefined : found?.meta;
    },
    mutate(key, decide, call) {
      // Those in this process wait for one another rather than fight.
      const turn = Promise.resolve(turns.get(key)).then(() => change(key, decide, call));
      const settled = turn.catch(() => {}).then(() => void (turns.get(key) === settled && turns.delete(key)));
      turns.set(key, settled);
      return turn;
    },
    getMany: (keys, call) => Promise.all(keys.map((key) => get(key, call))),
    setMany: async (items, call) => void (await Promise.all(items.map(([key, entry]) => set(key, entry, call)))),
    deleteMany: async (keys, call) => (await Promise.all(keys.map((key) => erase(key, call)))).filter(Boolean).length,
    async list({ prefix, limit, cursor }, call) {
      const after = cursor === undefined ? "" : names.values + cursor;
      const { lines, isLast } = await bucket.page(names.ofPrefix(prefix), after, Math.min(limit, longestPage), call);
      const entries = (await Promise.all(lines.map((line) => show(line, prefix, call)))).filter((entry) => !!entry);
      return isLast ? { entries } : { entries, cursor: lines.at(-1)!.name.slice(names.values.length) };
    },
    async clear({ prefix }, call) {
      for await (const lines of pages(names.ofPrefix(prefix), call)) {
        await Promise.all(
          lines.map(async (line) => {
            const isMeant =
              prefix === "" || names.keyOf(line.name)?.startsWith(prefix) || (await show(line, prefix, call));
            if (isMeant) await bucket.drop(line.name, call);
          }),
        );
      }
    },
    async sweep(call) {
      let count = 0;
      for await (const lines of pages(names.marks, call)) {
        const due = lines.filter(({ name }) => (names.readMark(name)?.from ?? Infinity) <= call.now());
        const counts = await Promise.all(due.map(({ name }) => sweepOne(name, call)));
        count = counts.reduce((sum, one) => sum + one, count);
        if (due.length < lines.length) break;
      }
      return count;
    },
    watch() {
      throw new StoreError("unsupported", "Cannot watch a bucket: expected a backend that tells of changes");
    },
  });

  async function* pages(prefix: string, call: Call): AsyncIterable<Line[]> {
    for (let after = ""; ;) {
      call.signal?.throwIfAborted();
      const { lines, isLast } = await bucket.page(prefix, after, longestPage, call);
      yield lines;
      if (isLast) return;
      after = lines.at(-1)!.name;
    }
  }
}

/** Has `close` wait for the calls before it. */
function finishing(backend: Omit<CompleteBackend, "close">): CompleteBackend {
  const pending = new Set<Promise<unknown>>();
  const wrapped: Record<string, unknown> = { ...backend, close: () => Promise.allSettled(pending).then(() => {}) };
  for (const [name, method] of Object.entries(backend)) {
    if (typeof method !== "function" || name === "isPersistent" || name === "watch") continue;
    wrapped[name] = (...args: unknown[]) => {
      const asked = (method as (...args: unknown[]) => Promise<unknown>)(...args);
      const forget = (): unknown => pending.delete(asked);
      pending.add(asked);
      asked.then(forget, forget);
      return asked;
    };
  }
  return wrapped as unknown as CompleteBackend;
}

function unconditional(): StoreError {
  const expected = "expected a service that heeds If-Match and If-None-Match of a PUT, got one that does not";
  return new StoreError("unsupported", `Cannot do this atomically: ${expected}`);
}

function outrun(key: string): StoreError {
  return new StoreError("conflict", `Cannot change key ${quote(key)}: expected others to do so less`, { key });
}
