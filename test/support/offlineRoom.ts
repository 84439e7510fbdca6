import { afterEach } from "vitest";
import { memory } from "../../src/index.ts";
import type { Store } from "../../src/core/contract.ts";
import { createCompleteStore } from "../../src/core/createCompleteStore.ts";
import { createHub } from "../../src/core/hub.ts";
import type { Link } from "../../src/core/link.ts";
import { plainLink } from "../../src/offline/plainLink.ts";
import { createRoom } from "../../src/offline/room.ts";

const stores: { close(): Promise<void> }[] = [];
afterEach(() => Promise.all(stores.splice(0).map((store) => store.close())));

export const call = { now: Date.now };

/** A room over a link that may be changed, of which nothing acts by itself. */
export function openRoom(change: (link: Link) => Partial<Link> = () => ({}), local: Store = memory()) {
  let words = 0;
  const word = (): string => `w${++words}`;
  const server = memory();
  const plain = plainLink(server, word);
  const link: Link = { ...plain, ...change(plain) };
  const hub = Promise.resolve(createHub());
  const end = async (): Promise<void> => {};
  const room = createRoom({
    local,
    link,
    hub,
    now: Date.now,
    word,
    maxPendingKeys: 1000,
    onConflict: () => {},
    end,
  });
  const store = createCompleteStore(room.backend);
  stores.push(store);
  return { ...room, local, server, store };
}
