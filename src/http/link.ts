import type { Call, Store } from "../core/contract.ts";
import { isStoreError } from "../core/error.ts";
import { lentBy } from "../core/lending.ts";
import { FORGOTTEN, type Greeting, type Link, type Outcome } from "../core/link.ts";
import { pause } from "../core/pause.ts";
import { withoutPrefix } from "../core/withoutPrefix.ts";
import type { Details, Target } from "./client/request.ts";
import { createReading, type Reading } from "./link/reading.ts";
import { outcomeHeader, replicaHeader } from "./wire/headers.ts";
import { forgotten, readGreeting, readOutcomes, writePush, writeTicket } from "./wire/push.ts";

// How often one that is under way is asked for: longer than a handler takes one that was cut off for that.
const tries = 16;

/**
 * Returns what a store that goes on without another asks of a handler, if that is one of a handler, or a part of one.
 *
 * @example Finds out whether a store is one of a handler.
 * ```ts
 * import { memory, prefix, remote } from "shelflife";
 * import { remoteLink } from "shelflife/http/link";
 *
 * const store = remote({ url: "https://app.example/store" });
 * console.log(remoteLink(prefix(store, "ada/")) !== undefined, remoteLink(memory())); // true undefined
 * await store.close();
 * ```
 */
export function remoteLink(store: Store): (Link & Reading) | undefined {
  const wire = lentBy(store, "entries");
  if (!wire) return undefined;
  const { prefix } = wire;
  const ask = <R>(call: Call, target: Target, details: Details<R>): Promise<R> => wire.ask(call, target, details);
  return {
    store,
    ...createReading(wire),
    async greet(call): Promise<Greeting> {
      const greeting = await ask(call, "POST replica", { isSafe: true, read: readGreeting });
      // Another part is seen with another prefix.
      return { ...greeting, scope: greeting.scope + prefix };
    },
    async push({ operations, ...ticket }, call) {
      const far = operations.map((each) => ({ ...each, key: prefix + each.key }));
      const isForgotten = (headers: Headers): boolean =>
        headers.get(outcomeHeader) === "conflict" && headers.get(replicaHeader) === forgotten;
      for (let count = 1; ; count++) {
        try {
          return await ask<readonly Outcome[] | typeof FORGOTTEN>(call, "POST batch", {
            headers: { [replicaHeader]: writeTicket(ticket) },
            // It has a number.
            isSafe: true,
            body: (start) => writePush(far, start),
            isAnswer: isForgotten,
            read(bytes, start, headers) {
              if (isForgotten(headers)) return FORGOTTEN;
              const outcomes = readOutcomes(bytes, start, far);
              for (const { error } of outcomes) withoutPrefix(error, prefix);
              return outcomes;
            },
          });
        } catch (error) {
          // It is under way, or is taken to be for some seconds.
          if (!isStoreError(error, "conflict") || count === tries) throw error;
          await pause(1000, 0, call.signal);
        }
      }
    },
  };
}
