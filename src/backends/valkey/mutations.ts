import { contend, outrun } from "../../core/contend.ts";
import { UNCHANGED, type Call, type CompleteBackend, type Decision } from "../../core/contract.ts";
import { createPending } from "../../core/pending.ts";
import { createTurns } from "../../core/turns.ts";
import { add } from "../../core/value.ts";
import type { Pipeline } from "./pipeline.ts";
import { declined, noArgs, readDone, readEntry, type Reader } from "./step.ts";
import { decodeLoosely, encodeText } from "../../core/utf8.ts";

/** Changes of entries by what they are: read, decided here, and written if they are still the same. */
export interface Mutations extends Required<Pick<CompleteBackend, "mutate" | "increment">> {
  /** Resolves when all that are under way have settled. */
  settled(): Promise<void>;
}

/** Returns the mutations of a store. Those of a key in this process wait for one another rather than contend. */
export function createMutations({ askOne }: Pick<Pipeline, "askOne">): Mutations {
  const takeTurn = createTurns();
  const { track, settled } = createPending();

  async function attempt(key: string, decide: Decision, { signal }: Call): Promise<void | typeof outrun> {
    const found = await askOne("get", key, noArgs, signal, readEntry);
    const next = decide(found);
    if (next === UNCHANGED || !(next || found)) return;
    const before = found ? ["1", found.value, found.expiresAt] : ["0", "", ""];
    const after = next ? ["1", next.value, next.expiresAt] : ["0", "", ""];
    if (!(await askOne("swap", key, [...before, ...after], signal, readDone))) return outrun;
  }

  function mutate(key: string, decide: Decision, call: Call): Promise<void> {
    return track(takeTurn(key, () => contend(key, () => attempt(key, decide, call))));
  }

  return {
    mutate,
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

/** The sum of an addition; nothing if the server leaves it to us. */
const readSum: Reader<number | undefined> = (sum, second) =>
  second === declined ? undefined : Number(decodeLoosely(sum as Uint8Array));
