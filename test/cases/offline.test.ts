import { memory } from "../../src/index.ts";
import { offline } from "../../src/offline.ts";
import * as testing from "../../src/testing.ts";
import type { Store } from "../../src/core/contract.ts";
import { defineCases } from "../support/defineCases.ts";

const media = new Map<string, { local: Store; remote: Store }>();

/** Keeps a store open when one who uses it closes it. */
const kept = (store: Store): Store => ({ ...store, close: async () => {} });

defineCases(testing, [
  {
    name: "offline of memory and memory",
    can: ["atomic", "transact", "list", "sweep", "watch", "bytes", "shared"],
    keyBytes: 1023,
    rounds: 100,
    open(medium, options) {
      const { now } = options;
      if (!media.has(medium)) media.set(medium, { local: memory({ now }), remote: memory({ now }) });
      const { local, remote } = media.get(medium)!;
      return offline(kept(local), kept(remote), options);
    },
  },
]);
