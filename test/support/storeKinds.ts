import { handler } from "../../src/http/handler.ts";
import { cached, memory, prefix, remote, type Store } from "../../src/index.ts";
import { offline } from "../../src/offline.ts";
import type { StoreOptions } from "../../src/core/options.ts";

/** Opens a store of one kind, on a medium of its own. */
export type OpenKind = (options?: StoreOptions) => Store;

/** A remote store over a handler. */
export function far(store: Store): Store {
  const answer = handler(store);
  return remote({ url: "https://store.test", fetch: (url, init) => answer(new Request(url, init)) });
}

/** One store of each kind: a medium, views, the far end of a wire, two made one. What is over any store is tried on each. */
export const storeKinds: Readonly<Record<string, OpenKind>> = {
  memory,
  "a prefix view": (options) => prefix(memory(options), "inner/"),
  "a cached view": (options) => cached(memory(options), { maxBytes: 10_000, now: options?.now }),
  "a remote": (options) => far(memory(options)),
  offline: (options) => offline(memory(options), far(memory(options)), options),
};
