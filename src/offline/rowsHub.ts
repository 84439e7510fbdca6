import { createSharedHub, type Hub } from "../core/hub.ts";

// What begins the key of no row.
const letter = "#";

/** Returns a hub for the rows of all contexts, by which each of their reports comes once. */
export function createRowsHub(name: string): Hub {
  const hub = createSharedHub(name);
  return {
    ...hub,
    // Deno 2.9 may deliver a report though posting it failed, so that it is posted once more.
    report: (changes) => hub.report([{ type: "set", key: letter + Math.random() }, ...changes]),
    watch({ changed, ...observer }) {
      let last: string | undefined;
      let isRepeated = false;
      return hub.watch({
        ...observer,
        changed(change) {
          if (change.key.startsWith(letter)) {
            isRepeated = change.key === last;
            last = change.key;
          } else if (!isRepeated) changed(change);
        },
      });
    },
  };
}
