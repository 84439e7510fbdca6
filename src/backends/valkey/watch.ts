import type { Observer } from "../../core/contract.ts";
import { createHub } from "../../core/hub.ts";
import type { ValkeyClient } from "./client.ts";
import { readChanges } from "./message.ts";
import { subscribe, type Subscription } from "./subscription.ts";

/** Reports changes that are published. */
export interface Watches {
  watch(observer: Observer): Promise<() => void>;
  /** Ends all watches. */
  close(): void;
}

/** Returns the watches of a channel, which have one subscription together. `nodes` are the servers on which it is. */
export function createWatches(
  channel: Uint8Array,
  prefix: string,
  nodes: () => Promise<readonly ValkeyClient[]>,
): Watches {
  const hub = createHub();
  const observers = new Set<Observer>();
  const prefixLength = new TextEncoder().encode(prefix).length;
  let subscription: Promise<Subscription> | undefined;

  async function begin(): Promise<Subscription> {
    return subscribe(channel, await nodes(), {
      received: (message) => hub.report(readChanges(message, prefixLength)),
      lost(error) {
        const broken = [...observers];
        end();
        for (const observer of broken) observer.failed(error);
      },
    });
  }

  function end(): void {
    observers.clear();
    hub.close();
    subscription?.then(({ stop }) => stop()).catch(() => {});
    subscription = undefined;
  }

  return {
    async watch(observer) {
      const begun = (subscription ??= begin());
      const stop = hub.watch(observer);
      observers.add(observer);
      try {
        await begun;
      } catch (error) {
        stop();
        observers.delete(observer);
        if (subscription === begun) subscription = undefined;
        throw error;
      }
      return () => {
        stop();
        observers.delete(observer);
        if (!observers.size) end();
      };
    },
    close: end,
  };
}
