// A tab with an offline store, whose local one is in the database and whose remote one at the address that its own names.
import { indexeddb, remote } from "shelflife";
import { offline } from "shelflife/offline";
import { noise } from "./noise.ts";

const parameters = new URL(location.href).searchParams;
const [database, url] = [parameters.get("database")!, parameters.get("store")!];
const store = offline(indexeddb({ database }), remote({ url }));

const stray: string[] = [];
addEventListener("error", ({ message }) => stray.push(`error: ${message}`));
addEventListener("unhandledrejection", ({ reason }) => stray.push(`unhandled: ${String(reason)}`));
let isShownAgain = false;
addEventListener("pageshow", ({ persisted }) => (isShownAgain ||= persisted));

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (value: Uint8Array | undefined): string | null => (value ? new TextDecoder().decode(value) : null);
let counting: Promise<void> | undefined;
let isOver = false;
let counted = 0;

/** Runs something in the service worker with this tab's store. */
async function inServiceWorker(name: "sync"): Promise<void> {
  const { active } = await navigator.serviceWorker.ready;
  const { port1, port2 } = new MessageChannel();
  const error = await new Promise((resolve) => {
    port1.onmessage = ({ data }) => resolve(data);
    active!.postMessage({ name, database, url }, [port2]);
  });
  port1.close();
  if (error) throw new Error(String(error));
}

export const tab = {
  get: async (key: string) => text(await store.find(key)),
  set: (key: string, value: string) => store.set(key, bytes(value)),
  /** Writes noise under numbered keys, one after the other, and returns how many there are, and the code of what is refused. */
  async fill(prefix: string, size: number, most: number): Promise<[number, string?]> {
    for (let count = 0; count < most; count++) {
      try {
        await store.set(`${prefix}${count}`, noise(count, size));
      } catch (error) {
        return [count, (error as { code: string }).code];
      }
    }
    return [most];
  },
  /** Reads a key, and returns its size, or the code of the error. */
  sizeOf: (key: string) =>
    store.get(key).then(
      (value) => value.length,
      ({ code }: { code: string }) => code,
    ),
  status: () => store.status(),
  pending: async () => (await store.pending()).map(({ key, kind }) => `${kind} ${key}`),
  /** Increments so often, all at once. */
  increment: async (key: string, times = 1) => {
    await Promise.all(Array.from({ length: times }, () => store.increment(key)));
  },
  /** Increments one after the other until it is stopped. */
  countOn(key: string) {
    isOver = false;
    counted = 0;
    counting = (async () => {
      for (; !isOver; counted++) await store.increment(key);
    })();
  },
  counted: () => counted,
  async stopCounting() {
    isOver = true;
    await counting;
    return counted;
  },
  /** Sets one key after the other, and says so each time, for ever. */
  burst() {
    const { acknowledged } = globalThis as unknown as { acknowledged(count: number): void };
    void (async () => {
      for (let count = 1; ; count++) {
        await Promise.all([store.set(`key ${count}`, bytes(`${count}`)), store.increment("n")]);
        acknowledged(count);
      }
    })();
  },
  /** How many contexts lead, and how many wait for that. */
  async leaders() {
    const { held = [], pending = [] } = await navigator.locks.query();
    const count = (locks: LockInfo[]): number => locks.filter(({ name }) => name!.includes("offline")).length;
    return [count(held), count(pending)];
  },
  /** Resolves when the service worker answers this page's requests. */
  async installWorker() {
    await navigator.serviceWorker.register("/e2e/offline/worker.ts", { type: "module" });
    await navigator.serviceWorker.ready;
    while (!navigator.serviceWorker.controller) await new Promise((resolve) => setTimeout(resolve, 5));
  },
  inServiceWorker,
  isShownAgain: () => isShownAgain,
};

Object.assign(globalThis, { tab, stray });
