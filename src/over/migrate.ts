import { checkCall } from "../core/check.ts";
import type { Entry, Listed, PrefixOptions, Store } from "../core/contract.ts";
import { check, isStoreError, type StoreError, type StoreErrorCode } from "../core/error.ts";
import { removeIf } from "../core/removeIf.ts";
import { lentBy } from "../core/lending.ts";
import { isSame } from "./migrate/isSame.ts";

/** How {@link migrate} goes about it. */
export interface MigrateOptions extends PrefixOptions {
  /** Whether the source's value takes the place of another one at the target. @default false */
  overwrite?: boolean | undefined;
  /** Whether an entry is deleted from the source once the target has it. @default false */
  remove?: boolean | undefined;
  /** Called with what has been done so far, after each batch, also one that fails. If it throws, the migration rejects with that. */
  onProgress?: ((progress: Migrated) => void) | undefined;
  /**
   * Called for each entry that cannot be moved, with the reason: the source cannot decode it, the target cannot encode it or has
   * no room for it, or its key is none of a store's. Such an entry stays in the source. @default the migration rejects with
   * the reason
   */
  onSkipped?: ((skipped: { readonly key: string; readonly reason: StoreError }) => void) | undefined;
  /** Called for each entry that the source cannot decode, before `onSkipped`. Such an entry stays there. */
  onUnreadable?: ((error: StoreError) => void) | undefined;
  /** The clock of the two stores: epoch ms. @default Date.now */
  now?: (() => number) | undefined;
}

/** What a migration has done, in entries: each that it met is `copied`, `present`, `kept` or `skipped`. */
export interface Migrated {
  /** Written to the target. */
  copied: number;
  /** Those that the target had already, from a run before. */
  present: number;
  /** Left as they are, because the target has another value under their key. */
  kept: number;
  /** Deleted from the source. */
  removed: number;
  /** Left out and reported, to `onSkipped` or `onUnreadable`. */
  skipped: number;
  /** Those of the skipped that the source cannot decode. */
  unreadable: number;
  /** The length of the values that were copied; of what is no bytes, as far as the source's listing knows it. */
  bytes: number;
}

// What is in memory at once. Where the source does not know sizes, an entry is taken for a middling one.
const batchEntries = 100;
const batchBytes = 4_194_304;
const unknownBytes = 65_536;
// What is wrong with one entry, and not with the rest.
const own: readonly StoreErrorCode[] = ["cant-decode", "cant-encode", "invalid-argument", "quota-exceeded"];
// A deadline that travelled as a duration arrives a little off: ms.
const slack = 1000;

/**
 * Copies every live entry of a store to another, with its deadline, in batches of at most 100 entries or 4 MiB. The source
 * is left as it is, unless `remove` is set. Resolves with what was done; an abort rejects with the signal's reason.
 *
 * It may end anywhere, by abort, failure or crash, and be run again: what the target has already is not copied twice.
 *
 * Both stores may be in use meanwhile. A value that the target has under a key is never replaced, so that an app may write
 * there from the start; it counts as `kept`, and its entry stays in the source. Where the app writes to the source until
 * all is copied, `overwrite` lets the source win: run it again until the app has changed over. Each entry is copied as it
 * is when its turn comes, and with `remove` deleted only if its value is still the same then.
 *
 * Values are what the two stores have: bytes, or between two JSON views whatever JSON is. Those that are no bytes count
 * as the same when their parts are. Keys stay the same (`prefix` views rename them), and the two must not overlap. What
 * only the medium of the source can have (keys that an app gave localForage, and no store takes) is reported after all
 * else. A target without atomic calls is looked at before it is written to, in two steps. Rejects `unsupported` when
 * the source cannot list, or `remove` when it has no atomic calls.
 *
 * @example Moves all entries into another store.
 * ```ts
 * import { memory, migrate } from "shelflife";
 *
 * const [from, to] = [memory(), memory()];
 * await from.set("greeting", new TextEncoder().encode("hello"), { ttl: 60_000 });
 * console.log((await migrate(from, to, { remove: true })).copied); // 1
 * console.log(await to.has("greeting"), await from.has("greeting")); // true false
 * ```
 */
export async function migrate<T = Uint8Array>(
  from: Pick<Store<T>, "list" | "entry" | "update">,
  to: Store<T>,
  options: MigrateOptions = {},
): Promise<Migrated> {
  const { prefix, signal, overwrite, remove, onProgress, onSkipped, onUnreadable, now = () => Date.now() } = checkCall(options); // prettier-ignore
  check(typeof from?.list === "function", "source", "a store", from);
  check(from !== to && Object(to) === to, "target", "another store than the source", to);
  for (const callback of [onProgress, onSkipped, onUnreadable, now]) {
    check(callback === undefined || typeof callback === "function", "callback", "a function", callback);
  }
  const done: Migrated = { copied: 0, present: 0, kept: 0, removed: 0, skipped: 0, unreadable: 0, bytes: 0 };

  /** Leaves an entry out if that is why it cannot be moved, and somebody wants to know of it. */
  function skip(key: string, reason: unknown, isUnreadable = false): void {
    signal?.throwIfAborted();
    const listener = onSkipped ?? (isUnreadable && onUnreadable);
    if (!listener || !isStoreError(reason) || !own.includes(reason.code)) throw reason;
    done.skipped++;
    if (isUnreadable) {
      done.unreadable++;
      onUnreadable?.(reason);
    }
    onSkipped?.({ key, reason });
  }

  async function read(key: string): Promise<Entry<T> | undefined> {
    try {
      return await from.entry(key, { signal });
    } catch (error) {
      skip(key, error, isStoreError(error, "cant-decode"));
      return undefined;
    }
  }

  async function writeIfAbsent(key: string, value: T, ttl: number): Promise<boolean> {
    try {
      return await to.setIfAbsent(key, value, { ttl, signal });
    } catch (error) {
      if (!isStoreError(error, "unsupported")) throw error;
      if (await to.has(key, { signal })) return false;
      await to.set(key, value, { ttl, signal });
      return true;
    }
  }

  /** Writes an entry, and returns whether the target has it afterwards. */
  async function write(key: string, { value, expiresAt }: Entry<T>, size: number | undefined): Promise<boolean> {
    const ttl = expiresAt - now();
    if (ttl <= 0) return false;
    if (overwrite) await to.set(key, value, { ttl, signal });
    if (overwrite || (await writeIfAbsent(key, value, ttl))) {
      done.copied++;
      done.bytes += ArrayBuffer.isView(value) ? value.byteLength : (size ?? 0);
      return true;
    }
    const found = await to.entry(key, { signal });
    const isPresent = found !== undefined && isSame(found.value, value) && found.expiresAt >= expiresAt - slack;
    if (isPresent) done.present++;
    else done.kept++;
    return isPresent;
  }

  async function move({ key, size }: Listed): Promise<void> {
    const entry = await read(key);
    const isMoved = entry && (await write(key, entry, size).catch((error: unknown) => skip(key, error)));
    if (isMoved && remove && (await removeIf(from, key, entry.value, signal, isSame))) done.removed++;
  }

  async function moveAll(entries: Listed[]): Promise<void> {
    if (!entries.length) return;
    // All of them end before a failure is reported: nothing goes on unseen.
    const results = await Promise.allSettled(entries.map(move));
    onProgress?.({ ...done });
    const failure = results.find(({ status }) => status === "rejected") as PromiseRejectedResult | undefined;
    if (failure) throw failure.reason;
  }

  async function reportStrays(): Promise<void> {
    const found = (await lentBy(from, "list")?.(prefix ?? "", { signal })) ?? [];
    for (const key of found) {
      // Text may stand for what is none, such as a number, and behind a prefix for what is too long before it.
      try {
        check(false, "key", "one of a store", key);
      } catch (error) {
        skip(key, error);
      }
    }
    if (found.length) onProgress?.({ ...done });
  }

  let cursor: string | undefined;
  do {
    const page = await from.list({ prefix, signal, cursor });
    let entries: Listed[] = [];
    let bytes = 0;
    for (const entry of page.entries) {
      const { size = unknownBytes } = entry;
      if (entries.length === batchEntries || (entries.length && bytes + size > batchBytes)) {
        await moveAll(entries);
        entries = [];
        bytes = 0;
      }
      entries.push(entry);
      bytes += size;
    }
    await moveAll(entries);
    cursor = page.cursor;
  } while (cursor !== undefined);
  await reportStrays();
  return done;
}
