import { letExit } from "../../core/timers.ts";
import type { ValkeyClient } from "./client.ts";
import { valkeyError } from "./error.ts";
import { originOf } from "./message.ts";

/** Connections on which published messages arrive. */
export interface Subscription {
  /** Resolves when all that was published before has arrived. */
  caughtUp(): Promise<unknown>;
  /** Gives the connections up; nothing arrives any more. */
  stop(): void;
}

/** Where a subscription reports. */
export interface Subscriber {
  /** Takes a message, each once. */
  received(message: Uint8Array): void;
  /** Takes note that a connection broke, or has been silent for two heartbeats. The subscription has stopped. */
  lost(): void;
}

/** How often it is seen whether those who publish are still there: ms. */
export const heartbeat = 5000;

/**
 * Subscribes to a channel at every node, and resolves when all will report. A cluster passes on to all nodes what one
 * publishes; of that, only what comes from a node that is listened to nowhere is taken, and once.
 */
export async function subscribe(
  channel: Uint8Array,
  nodes: readonly ValkeyClient[],
  { received, lost }: Subscriber,
): Promise<Subscription> {
  const { Buffer } = await import("node:buffer");
  const clients = nodes.map((node) => node.duplicate(ofSubscriber));
  const origins: string[] = [];
  let isBegun = false;
  let isStopped = false;
  let unanswered = 0;
  const timer = setInterval(() => {
    // A connection that is half open takes what is sent, and says nothing.
    if (unanswered) return broken();
    unanswered = clients.length;
    for (const client of clients) client.ping().then(() => unanswered--, broken);
  }, heartbeat);
  letExit(timer);

  function stop(): void {
    isStopped = true;
    clearInterval(timer);
    for (const client of clients) client.disconnect();
  }

  function broken(): void {
    if (isStopped) return;
    stop();
    if (isBegun) lost();
  }

  async function connect(client: ValkeyClient, number: number): Promise<void> {
    client.on("error", () => {});
    await client.connect();
    client.on("close", broken);
    if (clients.length > 1) origins[number] = String(await client.cluster("MYID"));
  }

  async function listen(client: ValkeyClient, number: number): Promise<void> {
    client.on("messageBuffer", (_: unknown, message: Uint8Array) => {
      const origin = originOf(message);
      if (origins.includes(origin) ? origins[number] === origin : number === 0) received(message);
    });
    await client.subscribe(Buffer.from(channel));
  }

  try {
    await Promise.all(clients.map(connect));
    // Not before all origins are known: what a node passes on of another may be late, from before this subscription.
    await Promise.all(clients.map(listen));
    if (isStopped) throw new Error("Connection is closed.");
    isBegun = true;
  } catch (error) {
    stop();
    throw valkeyError(error);
  }
  return { caughtUp: () => Promise.all(clients.map((client) => client.ping())), stop };
}

// What was published while nobody listened is gone, so that a connection which broke is not made again.
const ofSubscriber = {
  lazyConnect: true,
  enableOfflineQueue: true,
  autoResubscribe: false,
  maxRetriesPerRequest: 0,
  retryStrategy: () => null,
  reconnectOnError: null,
};
