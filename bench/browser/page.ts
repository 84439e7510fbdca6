// The page that the bench opens: it does one round of one peer's work when it is asked to.
import { indexeddbWorks } from "./indexeddb.ts";
import { localstorageWorks } from "./localstorage.ts";
import { offlineWorks } from "./offline.ts";
import type { PageWork } from "./work.ts";

const suites: Record<string, readonly PageWork[]> = {
  indexeddb: indexeddbWorks,
  localstorage: localstorageWorks,
  offline: offlineWorks,
};

/** What the page does when it is asked from outside. */
export const bench = {
  /** What there is to measure. */
  works: (suite: string): (Omit<PageWork, "peers"> & { peers: string[] })[] =>
    suites[suite]!.map(({ peers, ...work }) => ({ ...work, peers: Object.keys(peers) })),

  /** Lets a peer do some work once and resolves with how many ms that took. Rejects if it is not done right. */
  async round(suite: string, title: string, peer: string, round: number): Promise<number> {
    try {
      return await suites[suite]!.find((work) => work.title === title)!.peers[peer]!(round);
    } catch (error) {
      throw new Error(`${peer} failed at ${title}: ${String(error)}`, { cause: error });
    }
  },
};

declare global {
  // eslint-disable-next-line no-var
  var bench: typeof import("./page.ts").bench;
}
Object.assign(globalThis, { bench });
