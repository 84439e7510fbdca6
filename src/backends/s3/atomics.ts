import { contend, outrun } from "../../core/contend.ts";
import { UNCHANGED, type Call, type Decision } from "../../core/contract.ts";
import { createTurns } from "../../core/turns.ts";
import type { Bucket } from "./bucket.ts";
import type { Names } from "./names.ts";
import { isGone, unconditional, type Values } from "./values.ts";

// A request costs more than the longest pause between two tries: ms.
const longestPause = 50;

/** What reads a value and writes on the condition that it is still the same, again until no other writer is first. */
export interface Atomics {
  mutate(key: string, decide: Decision, call: Call): Promise<void>;
  /** Removes what lies under a key, damaged or not. Resolves with whether it was live. */
  erase(key: string, call: Call): Promise<boolean>;
}

/** Returns the atomic calls on a bucket's values. */
export function createAtomics(values: Values, bucket: Bucket, names: Names): Atomics {
  const takeTurn = createTurns();

  async function change(key: string, decide: Decision, call: Call): Promise<void> {
    const name = await names.ofKey(key);
    const { putsIf, deletesIf } = await bucket.conditionals();
    if (!putsIf) throw unconditional();
    await contend(
      key,
      async () => {
        const found = await values.read(key, name, call);
        const next = decide(found?.entry);
        if (next === UNCHANGED || !(next || found?.entry)) return undefined;
        // An expired value is left to the sweep where something would have to be put in its place: Ceph lets that win over a
        // plain PUT of the same moment, which it answers as done.
        if (!next && !deletesIf && found!.entry!.expiresAt <= call.now()) return undefined;
        const isDone = next
          ? await values.replace(found, key, name, next, call)
          : await values.remove(found!, name, "conflict", call);
        return isDone ? undefined : outrun;
      },
      longestPause,
    );
  }

  return {
    // Calls of this process wait for one another rather than contend.
    mutate: (key, decide, call) => takeTurn(key, () => change(key, decide, call)),
    async erase(key, call) {
      const name = await names.ofKey(key);
      const { putsIf, deletesIf } = await bucket.conditionals();
      return contend(
        key,
        async () => {
          const found = await bucket.look(name, call);
          if (!found || isGone(found.meta)) return false;
          const isLive = !found.meta || found.meta.expiresAt > call.now();
          if (putsIf && !(await values.remove(found, name, "mine", call))) return outrun;
          // What is being written just now is removed too: which of the two was first cannot be known.
          if (!deletesIf) await bucket.drop(name, call);
          return isLive;
        },
        longestPause,
      );
    },
  };
}
