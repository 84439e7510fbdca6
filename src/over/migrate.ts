import { checkCall } from "../core/check.ts";
import type { Entry, PrefixOptions, Store } from "../core/contract.ts";
import { check, isStoreError, type StoreError } from "../core/error.ts";
import { removeIf } from "../core/removeIf.ts";
import { equalBytes } from "../core/value.ts";

/** How {@link migrate} goes about it. */
export interface MigrateOptions extends PrefixOptions {
  /** Whether the source's value takes the place of another one at the target. @default false */
  overwrite?: boolean | undefined;
  /** Whether an entry is deleted from the source once the target has it. @default false */
  remove?: boolean | undefined;
  /** Called with what has been done so far, after each batch, also one that fails. If it throws, the migration rejects with that. */
  onProgress?: ((progress: Migrated) => void) | undefined;
  /** Called for each entry that the source cannot decode. Such an entry stays there. @default the migration rejects */
  onUnreadable?: ((error: StoreError) => void) | undefined;
  /** The clock of the two stores: epoch ms. @default Date.now */
  now?: (() => number) | undefined;
}

/** What a migration has done, in entries. */
export interface Migrated {
  /** Written to the target. */
  copied: number;
  /** Those that the target had already, from a run before. */
  present: number;
  /** Left as they are, because the target has another value under their key. */
  kept: number;
  /** Deleted from the source. */
  removed: number;
  /** Reported to `onUnreadable`. */
  unreadable: number;
  /** The length of the values that were copied. */
  bytes: number;
}

// What is in memory at once. Where the source does not know sizes, an entry is taken for a middling one.
const batchEntries = 100;
const batchBytes = 4_194_304;
const unknownBytes = 65_536;
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
 * Keys stay the same (`prefix` views rename them), and the two must not overlap. A target without atomic calls is looked at
 * before it is written to, in two steps. Rejects `unsupported` when the source cannot list, or `remove` when it has no
 * atomic calls.
 */
export async function migrate(
  from: Pick<Store, "list" | "entry" | "update">,
  to: Store,
  options: MigrateOptions = {},
): Promise<Migrated> {
  const { prefix, signal, overwrite, remove, onProgress, onUnreadable, now = Date.now } = checkCall(options);
  check(from !== to, "target", "another store than the source", to);
  for (const callback of [onProgress, onUnreadable, now]) {
    check(callback === undefined || typeof callback === "function", "callback", "a function", callback);
  }
  const done: Migrated = { copied: 0, present: 0, kept: 0, removed: 0, unreadable: 0, bytes: 0 };

  async function read(key: string): Promise<Entry | undefined> {
    try {
      return await from.entry(key, { signal });
    } catch (error) {
      if (!onUnreadable || !isStoreError(error, "cant-decode")) throw error;
      done.unreadable++;
      onUnreadable(error);
      return undefined;
    }
  }

  async function writeIfAbsent(key: string, value: Uint8Array, ttl: number): Promise<boolean> {
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
  async function write(key: string, { value, expiresAt }: Entry): Promise<boolean> {
    const ttl = expiresAt - now();
    if (ttl <= 0) return false;
    if (overwrite) await to.set(key, value, { ttl, signal });
    if (overwrite || (await writeIfAbsent(key, value, ttl))) {
      done.copied++;
      done.bytes += value.length;
      return true;
    }
    const found = await to.entry(key, { signal });
    const isPresent = found !== undefined && equalBytes(found.value, value) && found.expiresAt >= expiresAt - slack;
    if (isPresent) done.present++;
    else done.kept++;
    return isPresent;
  }

  async function move(key: string): Promise<void> {
    const entry = await read(key);
    if (!entry || !(await write(key, entry)) || !remove) return;
    if (await removeIf(from, key, entry.value, signal)) done.removed++;
  }

  async function moveAll(keys: string[]): Promise<void> {
    if (!keys.length) return;
    // All of them end before a failure is reported: nothing goes on unseen.
    const results = await Promise.allSettled(keys.map(move));
    onProgress?.({ ...done });
    const failure = results.find(({ status }) => status === "rejected") as PromiseRejectedResult | undefined;
    if (failure) throw failure.reason;
  }

  let cursor: string | undefined;
  do {
    const page = await from.list({ prefix, signal, cursor });
    let keys: string[] = [];
    let bytes = 0;
    for (const { key, size = unknownBytes } of page.entries) {
      if (keys.length === batchEntries || (keys.length && bytes + size > batchBytes)) {
        await moveAll(keys);
        keys = [];
        bytes = 0;
      }
      keys.push(key);
      bytes += size;
    }
    await moveAll(keys);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return done;
}
