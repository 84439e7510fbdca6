import { StoreError } from "../../core/error.ts";
import { letExit, longestDelay } from "../../core/timers.ts";
import type { ValkeyClient } from "./client.ts";
import type { Clock } from "./clock.ts";
import type { ValkeyServers } from "./config.ts";
import { createClient } from "./createClient.ts";
import { isRefusal, valkeyError } from "./error.ts";

/** The way to the servers. */
export interface Connection {
  /** The client, if there is a connection now. */
  current(): ValkeyClient | undefined;
  /** Resolves with the client when there is a connection; rejects when there is none for longer than a call waits. */
  ready(): Promise<ValkeyClient>;
  /** Which connection it is, counted from 1. Another one may lead to another server, or to one that was emptied. */
  generation(): number;
  /** Asks again who the server is, because the one that was asked is it no more. */
  renew(): void;
  close(): Promise<void>;
}

// How long `close` waits for the server to say goodbye: ms.
const grace = 1000;

const nothing = (): void => {};

/** Returns a connection, which is made when it is first asked for. With it the clock is set. */
export function createConnection(options: ValkeyServers & { readonly timeout: number }, clock: Clock): Connection {
  const { timeout, client: given } = options;
  let client: ValkeyClient | undefined;
  let waiting: Promise<ValkeyClient> | undefined;
  let lastError: unknown;
  let downSince: number | undefined;
  let giveUp: (() => void) | undefined;
  let isClosed = false;
  let generation = 1;

  async function open(): Promise<ValkeyClient> {
    const opened = given ?? (await createClient(options));
    opened.on("ready", connected);
    opened.on("close", disconnected);
    // A client that is given has an owner who hears of its errors.
    if (!given) for (const event of ["error", "node error"]) opened.on(event, failed);
    return opened;
  }

  function connected(): void {
    downSince = lastError = undefined;
    generation++;
    clock.reset();
  }

  function disconnected(): void {
    downSince ??= performance.now();
  }

  function failed(error: unknown): void {
    lastError = error;
    if (isRefusal(error)) giveUp?.();
  }

  async function connect(): Promise<ValkeyClient> {
    const found = client ?? (await open());
    if (isClosed) {
      leave(found);
      throw new StoreError("closed", "Store is closed");
    }
    client = found;
    if (found.status !== "ready") {
      downSince ??= performance.now();
      if (found.status === "wait" || (found.status === "end" && !given)) found.connect().catch(failed);
      await untilReady(found, downSince + timeout - performance.now());
    }
    await clock.compare(found);
    return found;
  }

  function untilReady(found: ValkeyClient, left: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (isReady: boolean): void => {
        clearTimeout(timer);
        giveUp = undefined;
        found.off("ready", succeed);
        if (given) found.off("error", failed);
        if (isReady) resolve();
        else reject(valkeyError(lastError ?? new Error(`no connection within ${timeout} ms`)));
      };
      const succeed = (): void => settle(true);
      giveUp = () => settle(false);
      const timer = setTimeout(giveUp, Math.max(0, Math.min(left, longestDelay)));
      found.on("ready", succeed);
      if (given) found.on("error", failed);
      if (isRefusal(lastError)) giveUp();
    });
  }

  function leave(left: ValkeyClient): void {
    left.off("ready", connected);
    left.off("close", disconnected);
    if (!given) left.disconnect();
  }

  return {
    current() {
      if (client?.status !== "ready" || !clock.isSet()) return undefined;
      if (clock.isDue()) clock.compare(client).catch(nothing);
      return client;
    },
    generation: () => generation,
    ready: () => (waiting ??= connect().finally(() => (waiting = undefined))),
    renew() {
      if (!given && !client?.isCluster && client?.status === "ready") client.disconnect(true);
    },
    async close() {
      const left = client;
      client = undefined;
      isClosed = true;
      giveUp?.();
      if (!left) return;
      // What has not gone by then is not waited for.
      const timer = setTimeout(leave, grace, left);
      letExit(timer);
      if (!given && left.status === "ready") await left.quit().catch(nothing);
      clearTimeout(timer);
      leave(left);
    },
  };
}
