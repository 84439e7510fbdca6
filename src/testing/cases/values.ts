import type { Case } from "../case.ts";
import { equal, equalDeadline, rejects } from "../expect.ts";
import { badKeys, oddKeys } from "./keys.ts";

const bytes = (length: number): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length }, (_, index) => (index * 151 + (index >> 8)) & 255);

/** What keys and values promise. */
export const values: readonly Case[] = [
  {
    name: "a value comes back as it was written",
    async run({ open, value, text }) {
      const store = await open();
      for (const written of ["one", "", "ünï ☃ 😀", "null", "1", " x ", '{"a":1}', "\0", "\ufeffx"]) {
        await store.set("key", value(written));
        equal(text(await store.get("key")), written, "get");
        equal(text(await store.find("key")), written, "find");
        equal(text((await store.entry("key"))?.value), written, "entry");
      }
    },
  },
  {
    name: "any bytes come back exactly",
    needs: ["bytes"],
    async run({ open }) {
      const store = await open();
      const samples = [[], [0], [255], [0xef, 0xbb, 0xbf], [0xef, 0xbb, 0xbf, 0x41], [0xc3, 0x28], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xc0, 0x80], [0xe2, 0x82]].map((sample) => Uint8Array.from(sample)); // prettier-ignore
      for (const length of [1, 2, 3, 7, 14, 15, 16, 255, 256, 1000, 100_001]) samples.push(bytes(length));
      for (const sample of samples) {
        await store.set("key", sample);
        const found = await store.get("key");
        equal(found, sample, `${sample.length} bytes`);
        equal(Object.prototype.toString.call(found), "[object Uint8Array]", "the kind of what is read");
      }
    },
  },
  {
    name: "the bytes of the caller and of the store are never the same ones",
    needs: ["bytes"],
    async run({ open }) {
      const store = await open();
      const mine = bytes(4);
      const writing = store.set("key", mine);
      const writingMany = store.setMany([["many", mine]]);
      mine.fill(9);
      await writing;
      await writingMany;
      equal(await store.get("key"), bytes(4), "after the written array was changed");
      equal(await store.get("many"), bytes(4), "after an array written with setMany was changed");
      (await store.get("key")).fill(7);
      (await store.entry("key"))?.value.fill(7);
      (await store.findMany(["key"]))[0]?.fill(7);
      equal(await store.get("key"), bytes(4), "after the read array was changed");
    },
  },
  {
    name: "a view of a larger buffer is stored as the view",
    needs: ["bytes"],
    async run({ open }) {
      const store = await open();
      const large = bytes(1000);
      await store.set("key", large.subarray(10, 20));
      const found = await store.get("key");
      equal(found, bytes(1000).slice(10, 20), "the view");
      equal(found.buffer.byteLength - found.byteOffset >= 10, true, "the room behind what is read");
    },
  },
  {
    name: "different strings are different keys",
    async run({ open, value, text }) {
      const store = await open();
      for (const key of oddKeys) await store.set(key, value(`value of ${key}`));
      for (const key of oddKeys) equal(text(await store.get(key)), `value of ${key}`, `get ${JSON.stringify(key)}`);
      for (const key of oddKeys) {
        await store.delete(key);
        equal(await store.has(key), false, `has ${JSON.stringify(key)} after delete`);
      }
    },
  },
  {
    name: "a key may be as long as it may be, in UTF-8 bytes, and no longer",
    async run({ open, value, text, subject }) {
      const store = await open();
      const { keyBytes = 1024 } = subject;
      for (const unit of ["k", "é", "€", "\u{1f600}"]) {
        const { length } = new TextEncoder().encode(unit);
        const longest = "k".repeat(keyBytes % length) + unit.repeat(Math.floor(keyBytes / length));
        await store.set(longest, value("long"));
        equal(text(await store.get(longest)), "long", `a key of ${keyBytes} bytes`);
        await rejects(() => store.set(`${longest}k`, value("longer")), "invalid-argument", "a key one byte longer");
      }
    },
  },
  {
    name: "what is no key is an invalid argument to every call",
    async run({ open, value, subject }) {
      const store = await open();
      for (const bad of badKeys as string[]) {
        const what = `key ${String(JSON.stringify(bad))}`;
        await rejects(() => store.get(bad), "invalid-argument", `get ${what}`);
        await rejects(() => store.find(bad), "invalid-argument", `find ${what}`);
        await rejects(() => store.has(bad), "invalid-argument", `has ${what}`);
        await rejects(() => store.entry(bad), "invalid-argument", `entry ${what}`);
        await rejects(() => store.set(bad, value("x")), "invalid-argument", `set ${what}`);
        await rejects(() => store.delete(bad), "invalid-argument", `delete ${what}`);
        await rejects(() => store.findMany(["a", bad]), "invalid-argument", `findMany ${what}`);
        await rejects(() => store.setMany([["a", value("x")], [bad, value("x")]]), "invalid-argument", `setMany ${what}`); // prettier-ignore
        await rejects(() => store.deleteMany(["a", bad]), "invalid-argument", `deleteMany ${what}`);
        if (!subject.can.includes("atomic")) continue;
        await rejects(
          () => store.compareAndSet(bad, undefined, value("x")),
          "invalid-argument",
          `compareAndSet ${what}`,
        );
        await rejects(() => store.setIfAbsent(bad, value("x")), "invalid-argument", `setIfAbsent ${what}`);
        await rejects(() => store.take(bad), "invalid-argument", `take ${what}`);
        await rejects(() => store.increment(bad), "invalid-argument", `increment ${what}`);
        await rejects(() => store.update(bad, () => value("x")), "invalid-argument", `update ${what}`);
        await rejects(() => store.touch(bad, { ttl: 1 }), "invalid-argument", `touch ${what}`);
      }
      equal(await store.has("a"), false, "a neighbour of a bad key");
    },
  },
  {
    name: "what is no ttl is an invalid argument, and nothing is touched",
    async run({ open, value, text, subject }) {
      const store = await open();
      await store.set("key", value("old"));
      for (const ttl of [0, -1, Number.NaN, -Infinity, "5", null, {}, true] as number[]) {
        const what = `ttl ${String(ttl)}`;
        await rejects(() => store.set("key", value("new"), { ttl }), "invalid-argument", `set, ${what}`);
        await rejects(() => store.setMany([["other", value("new")], ["key", value("new"), { ttl }]]), "invalid-argument", `setMany, ${what}`); // prettier-ignore
        if (!subject.can.includes("atomic")) continue;
        await rejects(() => store.compareAndSet("key", value("old"), value("new"), { ttl }), "invalid-argument", what);
        await rejects(() => store.setIfAbsent("new", value("new"), { ttl }), "invalid-argument", what);
        await rejects(() => store.increment("new", 1, { ttl }), "invalid-argument", what);
        await rejects(() => store.update("key", () => value("new"), { ttl }), "invalid-argument", what);
        await rejects(() => store.touch("key", { ttl }), "invalid-argument", what);
      }
      equal(text(await store.get("key")), "old", "the value");
      await equalDeadline(store, "key", Infinity, "the deadline");
      equal([await store.has("new"), await store.has("other")], [false, false], "the neighbours");
    },
  },
  {
    name: "what is no value or no options is an invalid argument",
    needs: ["bytes"],
    async run({ open }) {
      const store = await open();
      const bads = [undefined, null, "text", 1, [1], {}, new ArrayBuffer(1), new Uint16Array(1), new DataView(new ArrayBuffer(1))] as unknown as Uint8Array[]; // prettier-ignore
      for (const bad of bads) {
        await rejects(() => store.set("key", bad), "invalid-argument", `set ${String(bad)}`);
        await rejects(() => store.setMany([["a", bytes(1)], ["key", bad]]), "invalid-argument", `setMany ${String(bad)}`); // prettier-ignore
      }
      for (const bad of [null, 1, "text", true] as unknown as object[]) {
        await rejects(() => store.set("key", bytes(1), bad), "invalid-argument", `options ${String(bad)}`);
        await rejects(() => store.get("key", bad), "invalid-argument", `options ${String(bad)}`);
      }
      const noSignal = { signal: {} as AbortSignal };
      await rejects(() => store.get("key", noSignal), "invalid-argument", "a signal that is none");
      await rejects(() => store.findMany("keys"), "invalid-argument", "a string in place of keys");
      await rejects(() => store.findMany(5 as never), "invalid-argument", "a number in place of keys");
      await rejects(() => store.setMany([5] as never), "invalid-argument", "a number in place of an item");
      equal([await store.has("key"), await store.has("a")], [false, false], "what was written");
    },
  },
  {
    name: "a miss is reported as a miss",
    async run({ open, subject }) {
      const store = await open();
      await rejects(() => store.get("none"), "not-found", "get", "none");
      await rejects(() => store.delete("none"), "not-found", "delete", "none");
      equal(await store.find("none"), undefined, "find");
      equal(await store.has("none"), false, "has");
      equal(await store.entry("none"), undefined, "entry");
      equal(await store.findMany(["none"]), [undefined], "findMany");
      equal(await store.deleteMany(["none"]), 0, "deleteMany");
      if (!subject.can.includes("atomic")) return;
      equal(await store.take("none"), undefined, "take");
      equal(await store.touch("none", { ttl: 1000 }), false, "touch");
    },
  },
  {
    name: "a set replaces, a delete removes, once",
    async run({ open, value, text }) {
      const store = await open();
      await store.set("key", value("one"));
      await store.set("key", value("two"));
      equal(text(await store.get("key")), "two", "the replaced value");
      equal(await store.has("key"), true, "has");
      await store.delete("key");
      equal(await store.has("key"), false, "has after delete");
      await rejects(() => store.delete("key"), "not-found", "a second delete", "key");
    },
  },
  {
    name: "many are read in order, misses and repetitions included",
    async run({ open, value, text }) {
      const store = await open();
      await store.setMany([["a", value("1")], ["b", value("2")]]); // prettier-ignore
      const found = await store.findMany(["b", "none", "a", "b"]);
      equal(found.map(text), ["2", undefined, "1", "2"], "findMany");
      equal(await store.findMany([]), [], "findMany of nothing");
    },
  },
  {
    name: "many are written from any iterable, the last of two wins",
    async run({ open, value, text, clock }) {
      const store = await open();
      await store.setMany([]);
      await store.setMany(
        (function* () {
          for (let index = 0; index < 300; index++) yield [`key ${index % 200}`, value(String(index)), { ttl: 1000 + index }] as const; // prettier-ignore
        })(),
      );
      equal(text(await store.get("key 0")), "200", "a key written twice");
      await equalDeadline(store, "key 0", clock.now() + 1200, "its deadline");
      equal(text(await store.get("key 150")), "150", "a key written once");
      const found = await store.findMany(new Set(["key 199", "key 1"]));
      equal(found.map(text), ["199", "201"], "findMany of a set");
    },
  },
  {
    name: "many are deleted and the live ones counted, each once",
    async run({ open, value, clock }) {
      const store = await open();
      await store.setMany([["a", value("1")], ["b", value("2")], ["old", value("3"), { ttl: 5 }], ["c", value("4")]]); // prettier-ignore
      clock.advance(5);
      equal(await store.deleteMany(["a", "none", "a", "old", "b"]), 2, "deleteMany");
      equal(await store.deleteMany([]), 0, "deleteMany of nothing");
      equal([await store.has("a"), await store.has("b"), await store.has("c")], [false, false, true], "what is left");
    },
  },
  {
    name: "a large value comes back whole",
    needs: ["bytes"],
    async run({ open }) {
      const store = await open();
      await store.set("large", bytes(1_000_000));
      equal(await store.get("large"), bytes(1_000_000), "1 MB");
    },
  },
];
