import type { Change, Observer } from "../../core/contract.ts";
import { StoreError } from "../../core/error.ts";
import { createHub } from "../../core/hub.ts";
import { letExit } from "../../core/timers.ts";
import type { ValkeyClient } from "./connection.ts";
import { describe } from "./error.ts";

/** Tells of changes that are published. */
export interface Feed {
  watch(observer: Observer): Promise<() => void>;
  close(): void;
}

// How often it is seen whether those who publish still hear us: ms.
const heartbeat = 10_000;
const types: Readonly<Record<string, Change["type"]>> = { s: "set", d: "delete", e: "expire" };

interface Listening {
  stop(): void;
}

/** Returns a feed of what is published on a channel. `nodes` are the servers on which it is. */
export function createFeed(channel: Uint8Array, prefix: string, nodes: () => Promise<readonly ValkeyClient[]>): Feed {
  const hub = createHub();
  const observers = new Set<Observer>();
  const start = new TextEncoder().encode(prefix).length;
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let listening: Promise<Listening> | undefined;

  function fail(error: unknown): void {
    const broken = [...observers];
    end();
    for (const observer of broken) observer.failed(error);
  }

  function end(): void {
    observers.clear();
    hub.close();
    listening?.then(({ stop }) => stop()).catch(() => {});
    listening = undefined;
  }

  /**
   * Listens at every node for what happens there. A cluster passes on to all nodes what one publishes; of that, only what
   * comes from a node that is listened to nowhere is taken, and once.
   */
  async function listen(): Promise<Listening> {
    const { Buffer } = await import("node:buffer");
    const clients = (await nodes()).map((node) => node.duplicate(ofSubscriber));
    const origins: string[] = [];
    let isStopped = false;
    const stop = (): void => {
      isStopped = true;
      clearInterval(timer);
      for (const client of clients) client.disconnect();
    };
    const lost = (): void => {
      if (isStopped) return;
      stop();
      fail(new StoreError("unavailable", "Cannot watch: expected an unbroken connection, got one that broke"));
    };
    const timer = setInterval(() => {
      for (const client of clients) client.ping().catch(lost);
    }, heartbeat);
    letExit(timer);
    const connect = async (client: ValkeyClient, number: number): Promise<void> => {
      client.on("error", () => {});
      await client.connect();
      client.on("close", lost);
      if (clients.length > 1) origins[number] = String(await client.cluster("MYID"));
      client.on("messageBuffer", (_: unknown, message: Uint8Array) => {
        const [origin, changes] = readMessage(message);
        if (origins.includes(origin) ? origins[number] === origin : number === 0) hub.report(changes);
      });
      await client.subscribe(Buffer.from(channel));
    };
    try {
      await Promise.all(clients.map(connect));
      if (isStopped) throw new Error("Connection is closed.");
    } catch (error) {
      stop();
      throw describe(error);
    }
    return { stop };
  }

  function readMessage(message: Uint8Array): [origin: string, changes: Change[]] {
    const changes: Change[] = [];
    let at = message.indexOf(32) + 1;
    const origin = decoder.decode(message.subarray(0, at - 1));
    while (at < message.length) {
      const type = types[String.fromCharCode(message[at]!)]!;
      const colon = message.indexOf(58, at);
      const length = Number(decoder.decode(message.subarray(at + 1, colon)));
      at = colon + 1 + length;
      changes.push({ type, key: decoder.decode(message.subarray(colon + 1 + start, at)) });
    }
    return [origin, changes];
  }

  return {
    async watch(observer) {
      const begun = (listening ??= listen());
      const stop = hub.watch(observer);
      observers.add(observer);
      try {
        await begun;
      } catch (error) {
        stop();
        observers.delete(observer);
        if (listening === begun) listening = undefined;
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

// What was published while nobody listened is gone, so that a connection which broke is not made again.
const ofSubscriber = {
  lazyConnect: true,
  enableOfflineQueue: true,
  autoResubscribe: false,
  maxRetriesPerRequest: 0,
  retryStrategy: () => null,
  reconnectOnError: null,
};
