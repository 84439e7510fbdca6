// A tab with a store in localStorage, and what the tests ask of it.
import { isStoreError, localstorage, sessionstorage, type Store } from "shelflife";
import { beginTransfer, readTransfer, transfer } from "../support/transfer.ts";

const stores = new Map<string, Store>();
const seen: string[] = [];
let counting: Promise<number[]> | undefined;
let stopCounting: (() => Promise<number[]>) | undefined;
let countsAgain: (() => Promise<void>) | undefined;

let rounds = 0;
const { timeout } = AbortSignal;
AbortSignal.timeout = (ms) => {
  rounds++;
  return timeout.call(AbortSignal, ms);
};

function open(prefix: string): Store {
  let store = stores.get(prefix);
  if (!store) stores.set(prefix, (store = localstorage({ prefix })));
  return store;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (value: Uint8Array | undefined): string | null => (value ? new TextDecoder().decode(value) : null);
const pause = (ms = 0): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A turn of the event loop, so that a lock held until now is given back. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => resolve(port1.close());
    port2.postMessage(0);
  });
}

async function outcome(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return "ok";
  } catch (error) {
    return isStoreError(error) ? error.code : String(error);
  }
}

/** Runs a classic script with the package as `Shelflife` in some other context, which sends what it makes of it. */
function elsewhere(begin: (url: string) => { onmessage: ((event: MessageEvent) => void) | null }): Promise<string> {
  return new Promise((resolve) => {
    const target = begin(`${location.origin}/dist/shelflife.umd.min.js`);
    target.onmessage = ({ data }: MessageEvent) => void (typeof data === "string" && resolve(data));
  });
}
const tellCode = (send: string): string =>
  `Shelflife.localstorage().get("key").then(() => "ok", (error) => error.code + ": " + error.message).then((text) => ${send})`;

export const tab = {
  isSecure: () => isSecureContext && "locks" in navigator,
  get: async (prefix: string, key: string) => text(await open(prefix).find(key)),
  set: (prefix: string, key: string, value: string, ttl?: number) => open(prefix).set(key, bytes(value), { ttl }),
  remove: (prefix: string, key: string) => open(prefix).delete(key),
  increment: (prefix: string, by?: number) => open(prefix).increment("n", by),
  sweep: (prefix: string) => open(prefix).sweep(),
  outcome: (prefix: string, call: "increment" | "set" | "delete") =>
    outcome(() => (call === "set" ? open(prefix).set("n", bytes("1")) : open(prefix)[call]("n"))),

  async keys(prefix: string) {
    const keys: string[] = [];
    for await (const key of open(prefix).keys()) keys.push(key);
    return keys;
  },

  /** Begins to count at a moment: `awaited` one after the other, `apart` each under a lock of its own, or all `at once`. */
  count(prefix: string, how: "awaited" | "apart" | "at once", times: number, beginsAt: number) {
    counting = (async () => {
      const store = open(prefix);
      await store.find("n");
      await pause(beginsAt - Date.now());
      if (how === "at once") return Promise.all(Array.from({ length: times }, () => store.increment("n")));
      const counted: number[] = [];
      for (let count = 0; count < times; count++) {
        counted.push(await store.increment("n"));
        if (how === "apart") await turn();
      }
      return counted;
    })();
  },
  counted: () => counting,
  /** Counts, one after the other, until it is stopped. */
  countOn(prefix: string) {
    let isOver = false;
    const counted: number[] = [];
    const going = (async () => {
      while (!isOver) counted.push(await open(prefix).increment("n"));
      return counted;
    })();
    stopCounting = () => {
      isOver = true;
      return going;
    };
    countsAgain = async () => {
      for (const before = counted.length; counted.length === before;) await pause(5);
    };
  },
  stopCounting: () => stopCounting?.(),
  /** Resolves when it counts on, having come back. */
  countsAgain: () => countsAgain?.(),

  beginTransfer: (prefix: string) => beginTransfer(open(prefix)),
  readTransfer: (prefix: string) => readTransfer(open(prefix)),
  /** Begins at a moment to move so often between two keys that sum to 100, and keeps the sums that it sees. */
  transfer(prefix: string, times: number, beginsAt: number) {
    counting = pause(beginsAt - Date.now()).then(() => transfer(open(prefix), times));
  },

  /** Begins to set a number again and again while another tab counts. */
  async setNow(prefix: string, values: number[]) {
    const seen: number[] = [];
    for (const value of values) {
      await open(prefix).set("n", bytes(String(value)));
      await turn();
      seen.push(await open(prefix).increment("n", 0));
    }
    return seen;
  },

  /** Increments as soon as another tab says so. */
  incrementAfterTheOther(prefix: string) {
    const channel = new BroadcastChannel("leaving");
    counting = new Promise((resolve, reject) => {
      channel.onmessage = ({ data }) => {
        channel.close();
        if (data) return reject(new Error(`the other tab: ${data}`));
        open(prefix)
          .increment("n")
          .then((number) => resolve([number]), reject);
      };
    });
  },
  /** Increments soon, says so, and leaves this origin at once: soon, since a driver may wait for ever for the answer of a page that is gone. */
  incrementAndLeave(prefix: string, url: string) {
    const channel = new BroadcastChannel("leaving");
    setTimeout(async () => {
      try {
        await open(prefix).increment("n");
        channel.postMessage(null);
        location.href = url;
      } catch (error) {
        channel.postMessage(String(error));
      }
    }, 50);
  },

  /** Blocks this tab until a request is answered. */
  block(path: string): string {
    const request = new XMLHttpRequest();
    request.open("GET", path, false);
    request.send();
    return request.responseText;
  },
  ask: async (path: string): Promise<string> => (await fetch(path)).text(),

  /** Notes each change, together with what is read when it is reported unless nobody reads. */
  async watch(prefix: string, reads = true) {
    const store = open(prefix);
    const changes = store.watch();
    void (async () => {
      for await (const change of changes) {
        if (change.type === "resync") seen.push(change.type);
        else if (!reads) seen.push(`${change.type} ${change.key}`);
        else seen.push(`${change.type} ${change.key} ${text(await store.find(change.key))}`);
      }
    })();
    await store.find("any");
  },
  /** Resolves with the changes since it was asked last, when there are so many. */
  async changes(count: number) {
    for (const end = Date.now() + 60_000; seen.length < count && Date.now() < end;) await pause(5);
    // What comes too often comes soon.
    await pause(100);
    return seen.splice(0);
  },

  foreign(items: Record<string, string>) {
    for (const [name, item] of Object.entries(items)) localStorage.setItem(name, item);
  },
  foreignNow: (names: string[]) => names.map((name) => localStorage.getItem(name)),
  clear: (prefix: string) => open(prefix).clear(),

  emptyOrigin: () => localStorage.clear(),
  /** Writes, and over the number behind it. */
  async setAndMeddle(prefix: string, value: string, item: string) {
    await open(prefix).set("key", bytes(value));
    await turn();
    localStorage.setItem("~shelflife", item);
  },
  /** Writes by a store of its own, and resolves with the rounds of waiting that it took. */
  async setAnew(prefix: string) {
    const before = rounds;
    const store = localstorage({ prefix });
    await store.set("key", bytes("anew"));
    await store.close();
    return rounds - before;
  },
  /** Fills the origin until it refuses, and tries what has to work then. */
  async fill(prefix: string) {
    const store = open(prefix);
    const small = "small ".repeat(10);
    await store.set("old", bytes("old"));
    let stored = 0;
    let refused = "";
    for (let size = 1_000_000; size >= 1000;) {
      refused = await outcome(() => store.set(`big ${stored}`, bytes("x".repeat(size))));
      if (refused === "ok") stored++;
      else size = Math.floor(size / 2);
    }
    const big = bytes("y".repeat(1_100_000));
    const results = {
      stored: stored > 4,
      refused,
      replaced: await outcome(() => store.set("old", big)),
      updated: await outcome(() => store.update("big 0", () => big)),
      many: await outcome(() => store.setMany([["new", bytes("n")], ["big 1", big]])), // prettier-ignore
      isIntact: true,
      old: text(await store.find("old")),
      new: text(await store.find("new")),
      removed: await outcome(() => store.delete("big 2")),
      again: await outcome(() => store.set("again", bytes(small), { ttl: 50 })),
      refilled: await outcome(() => store.set("mortal", bytes("z".repeat(900_000)), { ttl: 50 })),
      counts: await outcome(() => store.increment("count")),
      afterExpiry: "",
    };
    for (const index of [0, 1]) {
      if ((await store.get(`big ${index}`)).length !== 1_000_000) results.isIntact = false;
    }
    await pause(60);
    results.afterExpiry = await outcome(() => store.set("big 2", bytes("x".repeat(900_000))));
    await store.clear();
    return results;
  },

  session: async (value?: string) => {
    const store = sessionstorage();
    if (value !== undefined) await store.set("key", bytes(value));
    const found = text(await store.find("key"));
    await store.close();
    return found;
  },

  /** What comes of a read in a frame that may not have localStorage. */
  inFrame: () =>
    elsewhere((url) => {
      const frame = document.createElement("iframe");
      frame.sandbox.value = "allow-scripts";
      frame.srcdoc = `<script src="${url}"></script><script>${tellCode('parent.postMessage(text, "*")')}</script>`;
      document.body.append(frame);
      return globalThis;
    }),
  /** The same in a worker, which has none. */
  inWorker: () =>
    elsewhere((url) => {
      const script = `importScripts("${url}"); ${tellCode("postMessage(text)")}`;
      return new Worker(URL.createObjectURL(new Blob([script], { type: "text/javascript" })));
    }),
};

Object.assign(globalThis, { tab });
