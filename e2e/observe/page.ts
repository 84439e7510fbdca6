// Shows in a tab what e2e/observe/backForward.test.ts writes; gives it the store. With `?away` it shows nothing.
import { indexeddb, json } from "shelflife";
import { observe } from "shelflife/extras";

const store = json<string>(indexeddb({ database: "observed" }));
const state = { wasLeft: false, isKept: false };
addEventListener("pagehide", () => (state.wasLeft = true));
addEventListener("pageshow", ({ persisted }) => (state.isKept = persisted && state.wasLeft));

if (location.search !== "?away") {
  const people = observe(store, { prefix: "person/" });
  people.subscribe((map) => (document.body.textContent = [...map.values()].sort().join(", ")));
}

export const tab = {
  set: (key: string, value: string) => store.set(key, value),
  /** Resolves with when the value is over. */
  async setUntilSoon(key: string, value: string): Promise<number> {
    const expiresAt = Date.now() + 500;
    await store.set(key, value, { expiresAt });
    return expiresAt;
  },
  clear: () => store.clear(),
  isKept: () => state.isKept,
  shown: () => document.body.textContent,
};

Object.assign(globalThis, { tab });
