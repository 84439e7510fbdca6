import type { Observer } from "./contract.ts";
import type { KeyChange } from "./keyChange.ts";

/** Carries the changes of a medium to its observers. */
export interface Hub {
  /** Reports changes that the medium has committed. */
  report(changes: readonly KeyChange[]): void;
  /** Reports to the observers of this context that changes may have been missed. */
  resync(): void;
  /** Begins to report to an observer, and returns how to stop. */
  watch(observer: Observer): () => void;
  close(): void;
}

/** Returns a hub for a medium that no other context reaches. */
export function createHub(): Hub {
  const observers = new Set<Observer>();
  return {
    report(changes) {
      for (const observer of observers) changes.forEach(observer.changed);
    },
    resync() {
      for (const observer of observers) observer.resync();
    },
    watch(observer) {
      observers.add(observer);
      return () => void observers.delete(observer);
    },
    close: () => observers.clear(),
  };
}

/**
 * Returns a hub that reaches every other one of its name on the origin (tabs, workers, this page) by a BroadcastChannel,
 * which is opened at the first change or watch.
 */
export function createSharedHub(name: string): Hub {
  const hub = createHub();
  let channel: BroadcastChannel | undefined;
  let isClosed = typeof BroadcastChannel === "undefined";

  function connect(): void {
    if (channel || isClosed) return;
    channel = new BroadcastChannel(name);
    channel.onmessage = ({ data }: MessageEvent<readonly KeyChange[]>) => hub.report(data);
    // In Node an open channel would keep the process alive.
    (channel as { unref?(): void }).unref?.();
  }

  function disconnect(): void {
    channel?.close();
    channel = undefined;
  }

  function post(changes: readonly KeyChange[]): void {
    try {
      channel?.postMessage(changes);
    } catch {
      // Deno 2.9 disconnects a channel that was opened just when the process's last one was closed. What is committed must
      // not fail for that: a new channel is connected.
      disconnect();
      connect();
      channel?.postMessage(changes);
    }
  }

  return {
    report(changes) {
      connect();
      post(changes);
      hub.report(changes);
    },
    resync: hub.resync,
    watch(observer) {
      connect();
      return hub.watch(observer);
    },
    close() {
      hub.close();
      disconnect();
      isClosed = true;
    },
  };
}
