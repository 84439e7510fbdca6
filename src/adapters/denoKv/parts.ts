import type { Call } from "../../core/contract.ts";
import { withCode } from "./failure.ts";
import { maxCommit, maxPart, type DenoKvLike } from "./kv.ts";
import type { Places } from "./records.ts";

/** Parts of a value to which nobody refers, as is said at this version of their record. */
export interface Parts {
  readonly id: string;
  readonly parts: number;
  readonly versionstamp: string;
}

/** Parts that were written for a value. */
export interface Staged extends Parts {
  readonly key: string;
  readonly value: Uint8Array;
}

/** Writes and removes the parts of values. */
export interface PartsOfValues {
  /** Writes a value in parts, to which nobody refers yet. */
  stage(key: string, value: Uint8Array, call: Call): Promise<Staged>;
  /** Removes parts to which nobody refers, and then what says so, unless that has changed. */
  discard(parts: Parts): Promise<void>;
}

// How many parts are written, or removed, at once.
const group = Math.floor(maxCommit / maxPart);

export function createParts(kv: DenoKvLike, places: Places): PartsOfValues {
  return {
    async stage(key: string, value: Uint8Array, call: Call): Promise<Staged> {
      const id = crypto.randomUUID();
      const parts = Math.ceil(value.length / maxPart);
      let versionstamp = "";
      for (let at = 0; at < parts; at += group) {
        call.signal?.throwIfAborted();
        const operation = kv.atomic();
        if (at) operation.check({ key: places.stray(id), versionstamp });
        else operation.set(places.stray(id), { parts, at: call.now() });
        for (let index = at; index < Math.min(at + group, parts); index++) {
          operation.set(places.part(id, index), value.slice(index * maxPart, (index + 1) * maxPart));
        }
        const done = await withCode(key, () => operation.commit());
        versionstamp ||= done.versionstamp!;
      }
      return { key, value, id, parts, versionstamp };
    },

    async discard({ id, parts, versionstamp }: Parts): Promise<void> {
      for (let at = 0; at < parts; at += group) {
        const operation = kv.atomic();
        operation.check({ key: places.stray(id), versionstamp });
        for (let index = at; index < Math.min(at + group, parts); index++) operation.delete(places.part(id, index));
        if (at + group >= parts) operation.delete(places.stray(id));
        if (!(await operation.commit()).ok) return;
      }
    },
  };
}
