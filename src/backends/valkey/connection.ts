import { StoreError } from "../../core/error.ts";
import { letExit, longestDelay } from "../../core/timers.ts";
import { listOf, readAddress, readSentinel, type Address, type ValkeyServers } from "./config.ts";
import { describe, isRefusal } from "./error.ts";

/** What a store needs of a client, of ioredis or iovalkey: of one server, or of a cluster. */
export interface ValkeyClient {
  readonly status: string;
  readonly isCluster?: boolean;
  readonly options?: { readonly keyPrefix?: string | undefined; readonly db?: number | undefined };
  connect(): Promise<unknown>;
  disconnect(reconnect?: boolean): void;
  quit(): Promise<unknown>;
  duplicate(...options: any[]): ValkeyClient;
  /** Of a cluster: a client for each node. */
  nodes?(role: "master"): ValkeyClient[];
  on(event: string, listener: (...args: any[]) => void): unknown;
  off(event: string, listener: (...args: any[]) => void): unknown;
  evalshaBuffer(...args: any[]): Promise<unknown>;
  evalBuffer(...args: any[]): Promise<unknown>;
  scanBuffer(...args: any[]): Promise<unknown>;
  zrangeBuffer(...args: any[]): Promise<unknown>;
  subscribe(...args: any[]): Promise<unknown>;
  cluster(...args: any[]): Promise<unknown>;
  ping(): Promise<unknown>;
  time(): Promise<unknown>;
}

/** The way to the servers. */
export interface Connection {
  /** The client, if there is a connection now. */
  current(): ValkeyClient | undefined;
  /** Resolves with the client when there is a connection; rejects when there is none for longer than a call waits. */
  ready(): Promise<ValkeyClient>;
  /** How far the server's clock is before ours: ms. */
  skew(): number;
  /** Asks again who the server is, because the one that was asked is it no more. */
  renew(): void;
  close(): Promise<void>;
}

// How often the clocks are compared: ms.
const comparing = 60_000;
// How long it is waited between two attempts to connect, at most: ms.
const longestPause = 2000;

const nothing = (): void => {};

/** Returns a connection, which is made when it is first asked for. `isOwnClock` is of one whose clock is not the server's. */
export function createConnection(
  options: ValkeyServers & { readonly timeout: number },
  isOwnClock: boolean,
): Connection {
  const { timeout, client: given } = options;
  let client: ValkeyClient | undefined;
  let waiting: Promise<ValkeyClient> | undefined;
  let lastError: unknown;
  let downSince: number | undefined;
  let skew = 0;
  let comparedAt = -Infinity;
  let giveUp: (() => void) | undefined;
  let isClosed = false;

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
    comparedAt = -Infinity;
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
    await compare(found);
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
        else reject(describe(lastError ?? new Error(`no connection within ${timeout} ms`)));
      };
      const succeed = (): void => settle(true);
      giveUp = () => settle(false);
      const timer = setTimeout(giveUp, Math.max(0, Math.min(left, longestDelay)));
      found.on("ready", succeed);
      if (given) found.on("error", failed);
      if (isRefusal(lastError)) giveUp();
    });
  }

  /** Compares the clocks. What the way to the server and back explains is no difference. */
  async function compare(found: ValkeyClient): Promise<void> {
    if (isOwnClock || performance.now() - comparedAt < comparing) return;
    comparedAt = performance.now();
    const before = Date.now();
    const [seconds, micros] = (await found.time()) as [unknown, unknown];
    const after = Date.now();
    const theirs = Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
    skew = theirs < before ? theirs - before : Math.max(0, theirs - after);
  }

  function leave(left: ValkeyClient): void {
    left.off("ready", connected);
    left.off("close", disconnected);
    if (!given) left.disconnect();
  }

  return {
    current() {
      if (client?.status !== "ready" || (comparedAt === -Infinity && !isOwnClock)) return undefined;
      if (!isOwnClock && performance.now() - comparedAt > comparing) compare(client).catch(nothing);
      return client;
    },
    ready: () => (waiting ??= connect().finally(() => (waiting = undefined))),
    skew: () => skew,
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
      const timer = setTimeout(leave, 1000, left);
      letExit(timer);
      if (!given && left.status === "ready") await left.quit().catch(nothing);
      clearTimeout(timer);
      leave(left);
    },
  };
}

async function createClient(options: ValkeyServers & { readonly timeout: number }): Promise<ValkeyClient> {
  const { Cluster, Redis } = await import("ioredis");
  const { cluster, sentinel, timeout } = options;
  const addresses = options.url === undefined ? [] : listOf(options.url).map((url) => readAddress(url)!);
  const [first = {}] = addresses;
  const { username = first.username, password = first.password, db = first.db ?? 0 } = options;
  const tls = tlsOf(options.tls, first);
  const waits = Math.min(timeout, longestDelay);
  const common = {
    username,
    password,
    tls,
    connectTimeout: waits,
    // A server that is silent for so long is gone.
    socketTimeout: waits,
    // What was sent may have been done: nothing of it is sent again unasked.
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
  };
  if (cluster) {
    const nodes = addresses.map(({ host, port }) => ({ host, port }));
    return new Cluster(nodes, {
      redisOptions: common,
      lazyConnect: true,
      retryDelayOnFailover: 0,
      slotsRefreshTimeout: waits,
      // Those of one node travel together.
      enableAutoPipelining: true,
      clusterRetryStrategy: pause,
    }) as unknown as ValkeyClient;
  }
  const single = { ...common, db, lazyConnect: true, enableOfflineQueue: false, retryStrategy: pause };
  if (!sentinel) {
    const { host, port, path } = first;
    return new Redis({ ...single, ...(path ? { path } : { host, port }) }) as unknown as ValkeyClient;
  }
  const sentinels = listOf(sentinel.addr).map((addr) => readSentinel(addr)!);
  return new Redis({
    ...single,
    sentinels: sentinels.map(({ host, port }) => ({ host, port })),
    name: sentinel.masterName,
    sentinelUsername: sentinel.username ?? sentinels[0]!.username,
    sentinelPassword: sentinel.password ?? sentinels[0]!.password,
    sentinelTLS: sentinels[0]!.isSecure ? (tls ?? {}) : undefined,
    enableTLSForSentinelMode: tls !== undefined,
    sentinelRetryStrategy: pause,
    sentinelCommandTimeout: waits,
    failoverDetector: true,
  }) as unknown as ValkeyClient;
}

function tlsOf(tls: ValkeyServers["tls"], { isSecure }: Address): object | undefined {
  if (typeof tls === "object") return tls;
  return (tls ?? isSecure) ? {} : undefined;
}

/** How long it is waited before the next attempt, a little longer each time: ms. */
function pause(times: number): number {
  return Math.min(25 * 2 ** Math.min(times, 10), longestPause) * (0.5 + Math.random() / 2);
}
