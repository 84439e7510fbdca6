import { contend, outrun } from "../../core/contend.ts";
import { UNCHANGED, type Call, type Entry, type Unchanged } from "../../core/contract.ts";
import { createTurns, takeTurns } from "../../core/turns.ts";
import { tooMuch, withCode } from "./failure.ts";
import { maxChecks, maxCommit, maxPart, maxReads, type DenoKvLike } from "./kv.ts";
import type { Parts, PartsOfValues, Staged } from "./parts.ts";
import type { Found, Head, Places, Reader } from "./records.ts";

/** What becomes of each of some entries: another one, none, or what it is. */
export type Choice = (found: readonly Found[]) => Promise<readonly (Entry | undefined | Unchanged)[] | typeof outrun>;

/** Changes what lies in the store. */
export interface Writer {
  /** Reads heads, decides and writes, all or none, as if nobody else wrote. The choice may run again. */
  change(keys: readonly string[], choose: Choice, call: Call): Promise<void>;
  /** Removes the keys whose heads are to go, and returns what was found under them. */
  remove(keys: readonly string[], goes: (found: Found) => boolean, call: Call): Promise<readonly Found[]>;
}

// What the medium still removes when no store is open to sweep it: so long after its deadline, and not beyond what Deno KV
// takes as a lifetime (ms).
const day = 86_400_000;
const longestLife = 1e12;

export function createWriter(kv: DenoKvLike, places: Places, reader: Reader, parts: PartsOfValues): Writer {
  const takeTurn = createTurns();

  /** Discards what a sweep would too. */
  async function discardAll(all: readonly Parts[]): Promise<void> {
    for (const each of all) await parts.discard(each).catch(() => {});
  }

  /** Writes what was chosen for what was found, unless that is no longer what lies there. */
  async function commit(
    found: readonly Found[],
    chosen: readonly (Entry | undefined | Unchanged)[],
    staged: Staged[],
    call: Call,
  ): Promise<void | typeof outrun> {
    const writes = chosen.filter((entry) => entry && entry !== UNCHANGED).length;
    // What Deno KV reads at once was so together.
    if (chosen.every((entry) => entry === UNCHANGED) && found.length <= maxReads) return undefined;
    const operation = kv.atomic();
    const left: { id: string; parts: number }[] = [];
    for (const [index, { key, versionstamp, head: old, value: read }] of found.entries()) {
      operation.check({ key: places.head(key), versionstamp });
      const entry = chosen[index];
      if (entry === UNCHANGED) continue;
      const keepsParts = !!old?.parts && !!entry && entry.value === read;
      if (old?.id !== undefined && old.expiresAt < Infinity) operation.delete(places.due(old.expiresAt, old.id));
      if (old?.parts && !keepsParts) {
        left.push({ id: old.id!, parts: old.parts });
        operation.set(places.stray(old.id!), { parts: old.parts, at: call.now() });
      }
      if (!entry) {
        operation.delete(places.head(key));
        continue;
      }
      const { value, expiresAt } = entry;
      let head: Head = { expiresAt, value };
      let options: { expireIn?: number } = {};
      if (keepsParts) {
        head = { ...old, expiresAt };
      } else if (value.length > Math.min(maxPart, maxCommit / writes)) {
        let parted = staged.find((each) => each.key === key && each.value === value);
        if (!parted) staged.push((parted = await parts.stage(key, value, call)));
        const { id, parts: count, versionstamp } = parted;
        // A sweep may have taken it for what was left behind.
        operation.check({ key: places.stray(id), versionstamp });
        operation.delete(places.stray(id));
        head = { expiresAt, id, parts: count, size: value.length };
      } else if (expiresAt < Infinity) {
        head = { expiresAt, value, id: crypto.randomUUID() };
        const expireIn = Math.ceil(expiresAt - call.now()) + day;
        // What has parts is left to a sweep, which removes these too.
        if (expireIn < longestLife) options = { expireIn: Math.max(expireIn, 1) };
      }
      operation.set(places.head(key), head, options);
      if (expiresAt < Infinity) operation.set(places.due(expiresAt, head.id!), key, options);
    }
    const { ok, versionstamp } = await withCode(found[0]!.key, () => operation.commit());
    if (!ok) return outrun;
    await discardAll(left.map((each) => ({ ...each, versionstamp: versionstamp! })));
    return undefined;
  }

  async function change(keys: readonly string[], choose: Choice, call: Call): Promise<void> {
    if (keys.length > maxChecks) throw tooMuch();
    // What was staged for a commit that was outrun serves the next.
    const staged: Staged[] = [];
    try {
      await takeTurns(takeTurn, keys, () =>
        contend(keys[0]!, async () => {
          call.signal?.throwIfAborted();
          const found = await reader.heads(keys);
          const chosen = await choose(found);
          return chosen === outrun ? outrun : commit(found, chosen, staged, call);
        }),
      );
    } finally {
      // Those that a head refers to now are no strays, and stay.
      await discardAll(staged);
    }
  }

  return {
    change,
    async remove(keys, goes, call) {
      let removed: readonly Found[] = [];
      if (!keys.length) return removed;
      const choose: Choice = async (found) => {
        removed = found.filter((each) => each.head && goes(each));
        return found.map((each) => (removed.includes(each) ? undefined : UNCHANGED));
      };
      await change(keys, choose, call);
      return removed;
    },
  };
}
