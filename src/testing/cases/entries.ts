import type { KeyedEntry, Store } from "../../core/contract.ts";
import type { Case } from "../case.ts";
import { equal, rejects, rejectsWith } from "../expect.ts";

const needs = ["list"] as const;

/** What entries promises. */
export const entries: readonly Case[] = [
  {
    name: "entries gives each live value under a prefix with its key and deadline",
    needs,
    async run({ open, value, text, clock }) {
      const store = await open();
      const start = clock.now();
      await store.set("a/1", value("one"), { ttl: 1000 });
      await store.set("a/2", value("two"));
      await store.set("a/3", value("three"), { ttl: 10 });
      await store.set("b/1", value("four"));
      clock.advance(10);
      const shown = ({ key, value: found, expiresAt }: KeyedEntry<any>): unknown => [key, text(found), expiresAt];
      const inA = [["a/1", "one", start + 1000], ["a/2", "two", Infinity]]; // prettier-ignore
      equal((await collect(store, { prefix: "a/" })).map(shown), inA, "under a prefix");
      equal((await collect(store)).map(shown), [...inA, ["b/1", "four", Infinity]], "all");
      equal(await collect(store, { prefix: "c/" }), [], "under a prefix that nothing has");
    },
  },
  {
    name: "entries gives each of many exactly once, whatever their sizes",
    needs,
    async run({ open, value, text }) {
      const store = await open();
      const big = "x".repeat(30_000);
      const wanted = Array.from(
        { length: 230 },
        (_, index) => [`k${index}`, index % 10 ? String(index) : big] as const,
      );
      await store.setMany(wanted.map(([key, each]) => [key, value(each)]));
      const found = (await collect(store)).map((entry) => `${entry.key} ${String(text(entry.value)).slice(0, 10)}`);
      equal(found.sort(), wanted.map(([key, each]) => `${key} ${each.slice(0, 10)}`).sort(), "the entries");
    },
  },
  {
    name: "the value and the deadline that entries gives belonged together",
    needs: ["list", "shared"],
    async run({ open, value, text, clock, subject }) {
      const [reader, writer] = [await open(), await open()];
      const { rounds = 1000 } = subject;
      const start = clock.now();
      await writer.set("key", value("1"), { ttl: 1000 });
      const writing = (async () => {
        for (let round = 1; round <= Math.min(rounds, 100); round++) {
          await writer.set("key", value(String(round)), { ttl: 1000 * round });
        }
      })();
      for (let round = 0; round < 20; round++) {
        for (const entry of await collect(reader)) {
          equal(entry.expiresAt - start, 1000 * Number(text(entry.value)), "the deadline of the value");
        }
      }
      await writing;
    },
  },
  {
    name: "entries ends where its reader stops, rejects with the reason of its signal, and refuses what is no prefix",
    needs,
    async run({ open, value }) {
      const store = await open();
      await store.setMany(Array.from({ length: 5 }, (_, index) => [`k${index}`, value("x")]));
      let count = 0;
      for await (const _ of store.entries()) if (++count === 2) break;
      equal(count, 2, "what was read");
      const controller = new AbortController();
      const reason = new Error("enough");
      const read = async (): Promise<void> => {
        for await (const _ of store.entries({ signal: controller.signal })) controller.abort(reason);
      };
      await rejectsWith(read, reason, "aborted");
      await rejects(() => collect(store, { prefix: 7 as never }), "invalid-argument", "a number for a prefix");
      await store.close();
      await rejects(() => collect(store), "closed", "after closing");
    },
  },
  {
    name: "the bytes that entries gives are the caller's own",
    needs: ["list", "bytes"],
    async run({ open }) {
      const store = await open();
      await store.set("key", Uint8Array.of(1, 2, 3));
      for await (const { value } of store.entries()) value.fill(9);
      equal(await store.get("key"), Uint8Array.of(1, 2, 3), "the value");
    },
  },
];

/** Reads all there are, sorted by their keys. */
async function collect(store: Store<any>, options?: { prefix?: string }): Promise<KeyedEntry<any>[]> {
  const found: KeyedEntry<any>[] = [];
  for await (const entry of store.entries(options)) found.push(entry);
  return found.sort((a, b) => (a.key < b.key ? -1 : 1));
}
