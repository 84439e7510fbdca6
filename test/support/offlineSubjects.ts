import type { Awaitable, Store } from "../../src/core/contract.ts";
import type { StoreOptions } from "../../src/core/options.ts";
import type { Feature, Subject } from "../../src/testing.ts";
import type { Modules } from "./modules.ts";
import { openRemote, storeServer } from "./storeServer.ts";

type Options = StoreOptions & { readonly now: () => number };
type Limits = { readonly maxValueBytes?: number };
type Open = (medium: string, options: Options) => Awaitable<Store>;

const whole: readonly Feature[] = ["atomic", "transact", "list", "sweep", "watch", "bytes", "shared"];

/** Makes the subjects of two stores made one. `more` are local stores that keep what they have, by the names of the subjects. */
export function offlineSubjects(
  { memory, remote }: Modules["index"],
  { handler }: Modules["http/handler"],
  { offline }: Modules["offline"],
  more: Readonly<Record<string, Open>>,
): Subject[] {
  const serve = storeServer(memory, handler);
  const far: Open = (medium, options) => openRemote(remote, "http://handler.test", medium, options, serve);

  /** Opens a store in memory once for each medium, for all who ask for it. */
  function held(): Open {
    const stores = new Map<string, Store>();
    return (medium, { now }) => {
      const store = stores.get(medium) ?? memory({ now });
      stores.set(medium, store);
      return { ...store, close: async () => {} };
    };
  }

  function subject(name: string, can: readonly Feature[], here: Open, there: Open, limits: Limits = {}): Subject {
    return {
      name,
      can,
      // The local store has a letter before each key.
      keyBytes: 1023,
      // What only the other side can decide costs several requests.
      rounds: 100,
      open: async (medium, options) =>
        offline(await here(medium, options), await there(medium, options), { ...options, ...limits }),
    };
  }

  return [
    subject("offline between two of one process", whole, held(), held()),
    // Of what was synced there is nothing here but what it is called.
    subject("offline before a handler", whole, held(), far, { maxValueBytes: 1 }),
    ...Object.entries(more).map(([name, here]) => subject(name, [...whole, "persistent"], here, far)),
  ];
}
