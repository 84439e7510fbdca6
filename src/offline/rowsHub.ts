import { createAnnouncer } from "../core/announce.ts";
import { createHub, createSharedHub, type Hub } from "../core/hub.ts";
import type { KeyChange } from "../core/keyChange.ts";

// What begins the key of no row.
const letter = "#";
// How long reports wait for more, to go to other contexts together: ms.
const delay = 10;

/**
 * Returns a hub for the rows of all contexts, by which each of their reports comes once: here at once, elsewhere a moment later, together
 * with others.
 */
export function createRowsHub(name: string): Hub {
  const own = createHub();
  const shared = createSharedHub(name);
  let isOwn = false;
  const announcer = createAnnouncer<KeyChange>(
    (changes) => {
      isOwn = true;
      // Deno 2.9 may deliver a report though posting it failed, so that it is posted once more.
      shared.report([{ type: "set", key: letter + Math.random() }, ...changes]);
      isOwn = false;
    },
    delay,
    () => globalThis.document?.hidden,
  );
  let last: string | undefined;
  let isRepeated = false;
  shared.watch({
    changed(change) {
      if (isOwn) return;
      if (change.key.startsWith(letter)) {
        isRepeated = change.key === last;
        last = change.key;
      } else if (!isRepeated) own.report([change]);
    },
    resync() {},
    failed() {},
  });
  return {
    ...own,
    report(changes) {
      own.report(changes);
      announcer.report(changes);
    },
    close() {
      announcer.close();
      shared.close();
      own.close();
    },
  };
}
