import { afterEach } from "vitest";
import type { Store } from "../../src/core/contract.ts";
import { createCompleteStore } from "../../src/core/createCompleteStore.ts";
import { createHub } from "../../src/core/hub.ts";
import type { Link } from "../../src/core/link.ts";
import { memory } from "../../src/index.ts";
import { plainLink } from "../../src/offline/plainLink.ts";
import { createRoom, type Room } from "../../src/offline/room.ts";

/** The parts of an offline store, and its two sides. */
export interface OfflineRoom extends Room {
  readonly local: Store;
  readonly server: Store;
  readonly store: Store;
}

/** Opens the parts of an offline store over a link that may be changed, of which nothing acts by itself. */
export function offlineRoom(
  change: (link: Link) => Partial<Link> = () => ({}),
  { local = memory(), server = memory(), now = Date.now } = {},
): OfflineRoom {
  // As no other room on the same local store has them.
  const word = (): string => Math.random().toString(36).slice(2);
  const plain = plainLink(server, word);
  const room = createRoom({
    local,
    link: { ...plain, ...change(plain) },
    hub: Promise.resolve(createHub()),
    now,
    word,
    maxPendingKeys: 1000,
    maxPendingBytes: Infinity,
    onConflict: () => {},
    end: async () => {},
  });
  return { ...room, local, server, store: createCompleteStore(room.backend, { now }) };
}

const stores: { close(): Promise<void> }[] = [];
afterEach(() => Promise.all(stores.splice(0).map((store) => store.close())));

export const call = { now: Date.now };

/** Opens such parts on a local store, which close after the test. */
export function openRoom(change: (link: Link) => Partial<Link> = () => ({}), local: Store = memory()): OfflineRoom {
  const room = offlineRoom(change, { local });
  stores.push(room.store);
  return room;
}
