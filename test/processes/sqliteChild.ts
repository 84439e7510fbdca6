// A process of its own that does with a SQLite store what it is asked to, line by line: [number, name of the call, ...arguments].
import process from "node:process";
import { sqlite, type SqliteOptions } from "../../src/backends/sqlite.ts";
import type { Store } from "../../src/core/contract.ts";
import { answerCalls, say } from "../support/childCalls.ts";
import { showChange } from "../support/showChange.ts";

let store: Store;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const calls = {
  async open(options: SqliteOptions, key?: string) {
    store = sqlite(options);
    if (key) await store.set(key, bytes(key));
  },
  set: (key: string, text: string, ttl?: number) => store.set(key, bytes(text), { ttl }),
  async find(key: string) {
    const found = await store.find(key);
    return found && new TextDecoder().decode(found);
  },
  delete: (key: string) => store.delete(key),
  deleteMany: (keys: string[]) => store.deleteMany(keys),
  clear: (prefix: string) => store.clear({ prefix }),
  sweep: () => store.sweep(),
  async increment(key: string, times: number) {
    for (let index = 0; index < times; index++) await store.increment(key);
  },
  /** Writes every key of a count, one after the other. */
  async setAll(count: number, text: string, ttl?: number) {
    for (let index = 0; index < count; index++) await store.set(`key ${index}`, bytes(text), { ttl });
  },
  async findAll(count: number) {
    for (let index = 0; index < count; index++) await store.find(`key ${index}`);
  },
  /** Writes for ever, one by one and many at once, and says after each write how far it is. */
  async write(name: string) {
    for (let index = 0; ;) {
      await store.set(`${name} ${index}`, bytes(String(index)));
      say(["written", ++index]);
      if (index % 10) continue;
      const many = Array.from({ length: 50 }, (_, more) => index + more);
      await Promise.all(many.map((each) => store.set(`${name} ${each}`, bytes(String(each)))));
      say(["written", (index += many.length)]);
    }
  },
  /** Says every change, from now on. */
  async watch() {
    const changes = store.watch();
    void (async () => {
      try {
        for await (const change of changes) say(["changed", showChange(change)]);
      } catch (error) {
        say(["broke", (error as { code?: string }).code]);
      }
    })();
    // A call after the watch is answered when the watch has begun.
    await store.find("none");
  },
  close: () => store.close(),
};

if (process.argv[2]) {
  // Nothing but a watch that is no reason to stay.
  store = sqlite({ path: process.argv[2] });
  void store.watch({ unref: true }).next();
  await store.set("watched", bytes("x"));
} else {
  await answerCalls(calls);
}
