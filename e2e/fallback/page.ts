// Gives a tab what e2e/fallback/fallback.test.ts does in it: stores that fall back to memory where storage does not work.
import { indexeddb, localstorage, memory, remote, type Store } from "shelflife";
import { fallback } from "shelflife/extras";

type Found = readonly [index: number, isPersistent: boolean, value: string];

/** Writes and reads, and resolves with which store is in use. */
async function use(stores: (() => Store)[], patience?: number): Promise<Found> {
  const store = fallback([...stores, memory], { patience });
  await store.set("key", new TextEncoder().encode("kept"));
  const value = new TextDecoder().decode(await store.get("key"));
  return [await store.using(), store.isPersistent(), value];
}

// The extras as a script has them, where no module may be imported.
const inFrame = `
  const { fallback, indexeddb, localstorage, memory } = Shelflife;
  const store = fallback([() => indexeddb({ database: "app" }), () => localstorage(), () => memory()]);
  addEventListener("unhandledrejection", ({ reason }) => parent.postMessage("unhandled " + reason, "*"));
  (async () => {
    await store.set("key", new TextEncoder().encode("kept"));
    const value = new TextDecoder().decode(await store.get("key"));
    parent.postMessage([await store.using(), store.isPersistent(), value], "*");
  })();`;

export const tab = {
  use: (database: string) => use([() => indexeddb({ database })]),
  useEither: (database: string) => use([() => indexeddb({ database }), () => localstorage()]),

  /** In a frame without an origin of its own, which may store nothing. */
  async useSandboxed(): Promise<Found> {
    const frame = document.createElement("iframe");
    frame.setAttribute("sandbox", "allow-scripts");
    const scripts = ["shelflife.umd.min.js", "shelflife.extras.umd.min.js"];
    frame.srcdoc = `${scripts.map((name) => `<script src="${location.origin}/dist/${name}"></script>`).join("")}<script>${inFrame}</script>`;
    const sent = new Promise<Found>((resolve) => {
      addEventListener("message", ({ data, source }) => source === frame.contentWindow && resolve(data as Found));
    });
    document.body.append(frame);
    return sent.finally(() => frame.remove());
  },

  /** Where a database never opens, as in a browser whose storage service hangs. */
  async useStuck(database: string): Promise<Found> {
    const open = IDBFactory.prototype.open;
    IDBFactory.prototype.open = () => new EventTarget() as IDBOpenDBRequest;
    try {
      return await use([() => indexeddb({ database })], 100);
    } finally {
      IDBFactory.prototype.open = open;
    }
  },

  useAway: (url: string) => use([() => remote({ url, attempts: 1 })], 10_000),

  /** Fills what localStorage may have, so that nothing more is taken. */
  async useFull(): Promise<Found> {
    for (let size = 4_194_304; size >= 1; size = Math.floor(size / 2)) {
      try {
        for (let count = 0; ; count++) localStorage.setItem(`${size} ${count}`, "x".repeat(size));
      } catch {
        // Full, at this size.
      }
    }
    return use([() => localstorage()]).finally(() => localStorage.clear());
  },
};

Object.assign(globalThis, { tab });
