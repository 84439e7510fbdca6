import type { Call, Entry } from "../../core/contract.ts";
import { StoreError } from "../../core/error.ts";
import type { Bucket, Found } from "./bucket.ts";
import type { Names } from "./names.ts";
import { foreign, gone, seal, type Meta, type Sealed } from "./object.ts";

/** An object of a value as it was found. What only stands for a removed value has no entry. */
export interface FoundValue extends Found {
  readonly entry?: Entry;
}

/** The values of a bucket: objects under keys, each with the mark by which it will be swept. */
export interface Values {
  read(key: string, name: string, call: Call): Promise<FoundValue | undefined>;
  get(key: string, call: Call): Promise<Entry | undefined>;
  /** Reads a deadline alone. */
  head(key: string, call: Call): Promise<Pick<Meta, "expiresAt"> | undefined>;
  set(key: string, entry: Entry, call: Call): Promise<void>;
  /** Writes a value over what was found, or where nothing was. Resolves with whether that was still so. */
  replace(found: Found | undefined, key: string, name: string, entry: Entry, call: Call): Promise<boolean>;
  /**
   * Removes what was found, and resolves with whether it was still there. When the answer is lost and the object gone, it
   * counts as removed by this call (`mine`), or the call rejects (`conflict`).
   */
  remove(found: Found, name: string, ifLost: "mine" | "conflict", call: Call): Promise<boolean>;
}

/** Returns the values of a bucket. */
export function createValues(bucket: Bucket, names: Names): Values {
  async function read(key: string, name: string, call: Call): Promise<FoundValue | undefined> {
    const found = await bucket.read(name, call);
    if (!found) return undefined;
    const { meta, value } = found;
    if (!meta || !value) throw foreign(key);
    return isGone(meta) ? found : { ...found, entry: { value, expiresAt: meta.expiresAt } };
  }

  /** Writes an object by `how`, after the mark by which it will be swept, unless it is known to be there. */
  async function write<R>(
    key: string,
    name: string,
    entry: Entry,
    call: Call,
    how: (object: Sealed) => Promise<R>,
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

  return {
    read,
    async get(key, call) {
      return (await read(key, await names.ofKey(key), call))?.entry;
    },
    async head(key, call) {
      const found = await bucket.look(await names.ofKey(key), call);
      if (found && !found.meta) throw foreign(key);
      return isGone(found?.meta) ? undefined : found?.meta;
    },
    async set(key, entry, call) {
      const name = await names.ofKey(key);
      await write(key, name, entry, call, (object) => bucket.put(name, object, call));
    },
    replace: (found, key, name, entry, call) =>
      write(key, name, entry, call, (object) => bucket.putOver(found, name, object, call), found),
    async remove(found, name, ifLost, call) {
      const { putsIf, deletesIf } = await bucket.conditionals();
      if (deletesIf) return bucket.dropFound(found, name, ifLost, call);
      if (!putsIf) throw unconditional();
      return bucket.putOver(found, name, await seal(gone, undefined, found.meta), call);
    },
  };
}

/** Whether an object only stands for a removed value. */
export function isGone(meta: Meta | undefined): boolean {
  return meta?.expiresAt === gone.expiresAt;
}

/** The error of what a service without conditional requests cannot do. */
export function unconditional(): StoreError {
  const expected = "expected a service that heeds If-Match and If-None-Match of a PUT, got one that does not";
  return new StoreError("unsupported", `Cannot do this atomically: ${expected}`);
}
