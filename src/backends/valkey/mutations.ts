import { contend, outrun } from "../../core/contend.ts";
import {
  UNCHANGED,
  type Call,
  type CompleteBackend,
  type Decision,
  type Entry,
  type ManyDecision,
} from "../../core/contract.ts";
import { StoreError } from "../../core/error.ts";
import { createPending } from "../../core/pending.ts";
import { createTurns, takeTurns } from "../../core/turns.ts";
import { add } from "../../core/value.ts";
import type { Pipeline } from "./pipeline.ts";
import { declined, noArgs, readDone, readEntry, stepsOf, type Arg, type Reader, type Step } from "./step.ts";
import { decodeLoosely, encodeText } from "../../core/utf8.ts";

/** Changes of entries by what they are: read, decided here, and written if they are still the same. */
export interface Mutations extends Required<Pick<CompleteBackend, "mutate" | "mutateMany" | "increment">> {
  /** Resolves when all that are under way have settled. */
  settled(): Promise<void>;
}

/** Returns the mutations of a store. Those of a key in this process wait for one another rather than contend. */
export function createMutations({
  ready,
  ask,
  askOne,
  placement,
}: Pick<Pipeline, "ready" | "ask" | "askOne" | "placement">): Mutations {
  const takeTurn = createTurns();
  const { track, settled } = createPending();

  async function attempt(key: string, decide: Decision, { signal }: Call): Promise<void | typeof outrun> {
    const found = await askOne("get", key, noArgs, signal, readEntry);
    const next = decide(found);
    if (next === UNCHANGED || !(next || found)) return;
    if (!(await askOne("swap", key, [...argsOf(found), ...argsOf(next)], signal, readDone))) return outrun;
  }

  /** The same for keys of one slot: what was read together is written together, if all of it is still the same. */
  async function attemptMany(
    keys: readonly string[],
    decide: ManyDecision,
    { signal }: Call,
  ): Promise<void | typeof outrun> {
    const together = { signal, isWhole: true };
    const found = await ask(stepsOf("get", keys), together, readEntry);
    const chosen = decide(found);
    const expected = keys.map((key, index): Step => {
      return { name: "expect", key, args: [index ? "0" : "1", ...argsOf(found[index])] };
    });
    const changed = keys.flatMap((key, index): Step[] => {
      const next = chosen[index];
      return next === UNCHANGED || !(next || found[index]) ? [] : [{ name: "put", key, args: argsOf(next) }];
    });
    if (!changed.length) return;
    const done = await ask([...expected, ...changed], together, readDone);
    if (!done.at(-1)) return outrun;
  }

  function mutate(key: string, decide: Decision, call: Call): Promise<void> {
    return track(takeTurn(key, () => contend(key, () => attempt(key, decide, call))));
  }

  async function mutateMany(keys: readonly string[], decide: ManyDecision, call: Call): Promise<void> {
    if (placement.isScattered(await ready()) && new Set(keys.map(placement.slotOf)).size > 1) {
      const message =
        "Cannot transact: expected keys in one slot of the cluster, which a prefix with a {tag} or keys with the same one are";
      throw new StoreError("unsupported", message);
    }
    await takeTurns(takeTurn, keys, () => contend(keys[0]!, () => attemptMany(keys, decide, call)));
  }

  return {
    mutate,
    mutateMany: (keys, decide, call) => track(mutateMany(keys, decide, call)),
    async increment(key, by, expiresAt, call) {
      if (Number.isSafeInteger(by)) {
        const sum = await askOne("add", key, [String(by), expiresAt], call.signal, readSum);
        if (sum !== undefined) return sum;
      }
      let sum: number;
      const decide: Decision = (current) => {
        sum = add(current?.value, by, key);
        return { expiresAt, ...current, value: encodeText(`${sum}`) };
      };
      await mutate(key, decide, call);
      return sum!;
    },
    settled,
  };
}

/** What a step is given of an entry, or of none. */
function argsOf(entry: Entry | undefined): Arg[] {
  return entry ? ["1", entry.value, entry.expiresAt] : ["0", "", ""];
}

/** The sum of an addition; nothing if the server leaves it to us. */
const readSum: Reader<number | undefined> = (sum, second) =>
  second === declined ? undefined : Number(decodeLoosely(sum as Uint8Array));
