import type { Observer } from "../../core/contract.ts";
import { isStoreError } from "../../core/error.ts";
import { createHub } from "../../core/hub.ts";
import { letExit } from "../../core/timers.ts";
import type { ValkeyClient } from "./client.ts";
import { readChanges } from "./message.ts";
import type { Names } from "./names.ts";
import { reconnectDelay } from "./reconnectDelay.ts";
import { subscribe, type Subscription } from "./subscription.ts";

/** Reports changes that are published. */
export interface Watches {
  watch(observer: Observer): Promise<() => void>;
  /** Resolves when all that was published before has been reported to those who watch. */
  caughtUp(): Promise<unknown>;
  /** Ends all watches. */
  close(): void;
}

/**
 * Returns the watches of a channel, which have one subscription together. `nodes` are the servers on which it is. When a
 * connection breaks, they are informed that changes may have been missed, and again when there is another one.
 */
export function createWatches(
  channel: Uint8Array,
  names: Pick<Names, "start">,
  nodes: () => Promise<readonly ValkeyClient[]>,
): Watches {
  const hub = createHub();
  const observers = new Set<Observer>();
  // Those that were there when the connection broke.
  const behind = new Set<Observer>();
  let subscription: Promise<Subscription> | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  /** Begins the subscription, unless it is there or about to be. */
  function join(): Promise<Subscription> {
    if (subscription) return subscription;
    const begun: Promise<Subscription> = begin().then(
      (made) => {
        if (subscription === begun) caughtUp();
        return made;
      },
      (error: unknown) => {
        if (subscription === begun) subscription = undefined;
        throw error;
      },
    );
    return (subscription = begun);
  }

  async function begin(): Promise<Subscription> {
    const found = await nodes();
    try {
      return await subscribe(channel, found, {
        received: (message) => hub.report(readChanges(message, names.start().length)),
        lost() {
          subscription = undefined;
          for (const observer of observers) behind.add(observer);
          resync();
          again(1);
        },
      });
    } catch (error) {
      // Servers can be read, and their changes not heard of: nothing that was read since may be relied on.
      resync();
      throw error;
    }
  }

  function resync(): void {
    for (const observer of behind) observer.resync();
  }

  function caughtUp(): void {
    clearTimeout(timer);
    resync();
    behind.clear();
  }

  /** Tries again after a pause, as long as somebody is behind. */
  function again(times: number): void {
    timer = setTimeout(() => {
      if (!behind.size) return;
      join().catch((error: unknown) => {
        if (isStoreError(error, "unauthorized")) breakOff(error);
        else again(times + 1);
      });
    }, reconnectDelay(times));
    letExit(timer);
  }

  function breakOff(error: unknown): void {
    const broken = [...observers];
    end();
    for (const observer of broken) observer.failed(error);
  }

  function end(): void {
    observers.clear();
    behind.clear();
    hub.close();
    clearTimeout(timer);
    subscription?.then(({ stop }) => stop()).catch(() => {});
    subscription = undefined;
  }

  return {
    async watch(observer) {
      const isFirst = !subscription;
      const begun = join();
      observers.add(observer);
      let stop: (() => void) | undefined;
      const leave = (): void => {
        stop?.();
        observers.delete(observer);
        behind.delete(observer);
        if (!observers.size) end();
      };
      try {
        const { caughtUp } = await begun;
        // Where others watch already, what was acknowledged before may still be on its way. A new subscription has none of it.
        if (!isFirst) await caughtUp().catch(join);
        stop = hub.watch(observer);
      } catch (error) {
        leave();
        throw error;
      }
      return leave;
    },
    // Of a connection that broke there is nothing more to come.
    caughtUp: async () => subscription?.then((made) => made.caughtUp()).catch(() => {}),
    close: end,
  };
}
