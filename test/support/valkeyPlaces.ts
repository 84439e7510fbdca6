import { afterAll, beforeAll } from "vitest";
import { valkey, type ValkeyOptions } from "../../src/backends/valkey.ts";
import type { Store } from "../../src/core/contract.ts";
import { startValkey, type ValkeyServer } from "./valkey.ts";
import { startCluster, type ValkeyCluster } from "./valkeyCluster.ts";

/** On what a store is: a server alone, or a cluster. */
export type Where = "valkey" | "valkey cluster";

/** A server and a cluster, which are there while the tests of a file run, and the stores on them. */
export interface ValkeyPlaces {
  readonly server: ValkeyServer;
  readonly cluster: ValkeyCluster;
  /** The options that lead there. */
  optionsOf(where: Where): ValkeyOptions;
  /** Opens a store, which is closed when the tests are over. */
  open(where: Where, options: ValkeyOptions): Store;
}

/** Has a server and a cluster started before the tests of a file, and stopped after them. */
export function valkeyPlaces(): ValkeyPlaces {
  let server: ValkeyServer;
  let cluster: ValkeyCluster;
  const stores: Store[] = [];
  beforeAll(async () => {
    [server, cluster] = await Promise.all([startValkey(), startCluster()]);
  });
  afterAll(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await Promise.all([server.stop(), cluster.stop()]);
  });

  const optionsOf = (where: Where): ValkeyOptions =>
    where === "valkey" ? { url: server.url } : { url: cluster.urls, cluster: true };
  return {
    get server() {
      return server;
    },
    get cluster() {
      return cluster;
    },
    optionsOf,
    open(where, options) {
      const store = valkey({ ...optionsOf(where), ...options });
      stores.push(store);
      return store;
    },
  };
}
