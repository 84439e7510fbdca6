import { longestDelay } from "../../core/timers.ts";
import type { ValkeyClient } from "./client.ts";
import { listOf, readAddress, readSentinel, type Address, type ValkeyServers } from "./config.ts";
import { reconnectDelay } from "./reconnectDelay.ts";

/** Returns a client of ioredis for the servers, which has not connected yet. */
export async function createClient(options: ValkeyServers & { readonly timeout: number }): Promise<ValkeyClient> {
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
    family: first.family ?? 0,
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
      // What a slot that moves puts off is asked for in another way, or later.
      retryDelayOnTryAgain: 1,
      slotsRefreshTimeout: waits,
      // Those of one node travel together,
      enableAutoPipelining: true,
      // but for scripts, which have to follow a key to another node: of answers that travel together none is followed, and a
      // pipeline that is sent to a moving slot twice loses count of its own answers, in an error that nobody can catch.
      autoPipeliningIgnoredCommands: ["eval", "evalsha"],
      clusterRetryStrategy: reconnectDelay,
    }) as unknown as ValkeyClient;
  }
  const single = { ...common, db, lazyConnect: true, enableOfflineQueue: false, retryStrategy: reconnectDelay };
  if (!sentinel) {
    const { host, port, path } = first;
    return new Redis({ ...single, ...(path ? { path } : { host, port }) }) as unknown as ValkeyClient;
  }
  const sentinels = listOf(sentinel.addr).map((addr) => readSentinel(addr)!);
  return new Redis({
    ...single,
    sentinels: sentinels.map(({ host, port, family = 0 }) => ({ host, port, family })),
    name: sentinel.masterName,
    sentinelUsername: sentinel.username ?? sentinels[0]!.username,
    sentinelPassword: sentinel.password ?? sentinels[0]!.password,
    sentinelTLS: sentinels[0]!.isSecure ? (tls ?? {}) : undefined,
    enableTLSForSentinelMode: tls !== undefined,
    sentinelRetryStrategy: reconnectDelay,
    sentinelCommandTimeout: waits,
    failoverDetector: true,
  }) as unknown as ValkeyClient;
}

function tlsOf(tls: ValkeyServers["tls"], { isSecure }: Address): object | undefined {
  if (typeof tls === "object") return tls;
  return (tls ?? isSecure) ? {} : undefined;
}
