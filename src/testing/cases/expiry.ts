import { prefix } from "../../views/prefix.ts";
import type { Case } from "../case.ts";
import { equal, equalDeadline, rejects } from "../expect.ts";
import { collect } from "./watching.ts";

const hour = 3_600_000;

/** What deadlines promise. */
export const expiry: readonly Case[] = [
  {
    name: "an entry has its deadline",
    async run({ open, value, clock }) {
      const store = await open();
      await store.set("short", value("x"), { ttl: 1500 });
      await store.set("long", value("x"), { ttl: Infinity });
      await store.set("plain", value("x"));
      await store.set("endless", value("x"), { ttl: Number.MAX_VALUE });
      await equalDeadline(store, "short", clock.now() + 1500, "with a ttl");
      for (const key of ["long", "plain", "endless"]) await equalDeadline(store, key, Infinity, key);
    },
  },
  {
    name: "a value lives until the millisecond of its deadline, and not in it",
    async run({ open, value, text, clock }) {
      const store = await open();
      await store.set("key", value("x"), { ttl: 1000 });
      clock.advance(999);
      equal(text(await store.find("key")), "x", "one ms before");
      equal(await store.has("key"), true, "one ms before, has");
      clock.advance(1);
      equal(await store.find("key"), undefined, "at the deadline");
    },
  },
  {
    name: "an expired value is a miss to every reading call",
    async run({ open, value, clock, subject }) {
      const store = await open();
      const calls = ["get", "find", "has", "entry", "findMany", "delete", "deleteMany", "list", "keys"];
      for (const key of calls) await store.set(key, value("x"), { ttl: 10 });
      clock.advance(10);
      await rejects(() => store.get("get"), "not-found", "get", "get");
      equal(await store.find("find"), undefined, "find");
      equal(await store.has("has"), false, "has");
      equal(await store.entry("entry"), undefined, "entry");
      equal(await store.findMany(["findMany"]), [undefined], "findMany");
      await rejects(() => store.delete("delete"), "not-found", "delete", "delete");
      equal(await store.deleteMany(["deleteMany"]), 0, "deleteMany");
      if (!subject.can.includes("list")) return;
      equal((await store.list()).entries, [], "list");
      for await (const key of store.keys()) throw new Error(`keys: expected none, got ${key}`);
    },
  },
  {
    name: "an expired value is a miss to every atomic call",
    needs: ["atomic"],
    async run({ open, value, text, clock }) {
      const store = await open();
      const calls = ["take", "touch", "setIfAbsent", "compareAndSet", "expected", "update", "increment"];
      for (const key of calls) await store.set(key, value("7"), { ttl: 10 });
      clock.advance(10);
      equal(await store.take("take"), undefined, "take");
      equal(await store.touch("touch", { ttl: 1000 }), false, "touch");
      equal(await store.has("touch"), false, "a touched expired value");
      equal(await store.setIfAbsent("setIfAbsent", value("new")), true, "setIfAbsent");
      await equalDeadline(store, "setIfAbsent", Infinity, "the deadline after setIfAbsent");
      equal(await store.compareAndSet("compareAndSet", undefined, value("new")), true, "compareAndSet undefined");
      await equalDeadline(store, "compareAndSet", Infinity, "the deadline after compareAndSet");
      equal(await store.compareAndSet("expected", value("7"), value("new")), false, "compareAndSet the old value");
      equal(text(await store.update("update", (current) => value(current === undefined ? "none" : "some"))), "none", "update"); // prettier-ignore
      equal(await store.increment("increment"), 1, "increment");
    },
  },
  {
    name: "a set without ttl takes an old deadline away",
    async run({ open, value, text, clock }) {
      const store = await open();
      await store.set("key", value("one"), { ttl: 10 });
      await store.set("key", value("two"));
      clock.advance(hour);
      equal(text(await store.find("key")), "two", "the value");
    },
  },
  {
    name: "a value refreshed in time lives on, also after its first deadline was swept",
    async run({ open, value, text, clock, subject }) {
      const store = await open();
      await store.set("key", value("one"), { ttl: 10 });
      clock.advance(5);
      await store.set("key", value("two"), { ttl: 100 });
      clock.advance(50);
      if (subject.can.includes("sweep")) equal(await store.sweep(), 0, "sweep");
      equal(text(await store.find("key")), "two", "the value");
    },
  },
  {
    name: "reading an expired value never removes a fresh one",
    async run({ open, value, text, clock, subject }) {
      const store = await open();
      const { rounds = 1000 } = subject;
      let lost = 0;
      for (let round = 0; round < rounds; round++) {
        await store.set("key", value("old"), { ttl: 1 });
        clock.advance(1);
        // In both orders: the write may come before, between or after the read and its lazy deletion.
        const calls = [() => store.find("key"), () => store.set("key", value("new"))];
        await Promise.all((round % 2 ? calls : calls.reverse()).map((call) => call()));
        if (text(await store.find("key")) !== "new") lost++;
      }
      equal(lost, 0, `fresh values lost in ${rounds} rounds`);
    },
  },
  {
    name: "reading an expired value never removes a fresh one of the same bytes",
    needs: ["shared"],
    async run({ open, value, clock, subject }) {
      // Two, so that neither waits for the other.
      const [reader, writer] = [await open(), await open()];
      const { rounds = 1000 } = subject;
      let lost = 0;
      for (let round = 0; round < Math.min(rounds, 100); round++) {
        await writer.set("key", value("same"), { ttl: 1 });
        clock.advance(1);
        await Promise.all([reader.find("key"), writer.set("key", value("same"), { ttl: 1000 })]);
        if (!(await writer.has("key"))) lost++;
      }
      equal(lost, 0, "fresh values lost");
    },
  },
  {
    name: "a clock that jumps brings nothing back and loses nothing without a deadline",
    async run({ open, value, text, clock, subject }) {
      const store = await open();
      await store.set("kept", value("x"));
      await store.set("gone", value("x"), { ttl: 60_000 });
      await store.set("later", value("x"), { ttl: 3 * hour });
      clock.advance(hour);
      equal(await store.find("gone"), undefined, "after a jump forward");
      if (subject.can.includes("sweep")) await store.sweep();
      clock.advance(-2 * hour);
      if (subject.can.includes("atomic")) equal(await store.find("gone"), undefined, "after a jump back");
      equal([text(await store.find("kept")), text(await store.find("later"))], ["x", "x"], "the others");
    },
  },
  {
    name: "a sweep removes what has expired, and only that",
    needs: ["sweep"],
    async run({ open, value, clock }) {
      // What is swept unasked, some seconds after opening, would not be counted here.
      const store = await open({ sweepInterval: Infinity });
      for (let index = 0; index < 30; index++) await store.set(`old ${index}`, value("x"), { ttl: 1 + index });
      for (let index = 0; index < 10; index++) await store.set(`new ${index}`, value("x"), { ttl: 1000 });
      for (let index = 0; index < 10; index++) await store.set(`plain ${index}`, value("x"));
      equal(await store.sweep(), 0, "a sweep before any deadline");
      clock.advance(20);
      equal(await store.sweep(), 20, "a sweep after 20 deadlines");
      equal(await store.sweep(), 0, "a sweep right after");
      clock.advance(30);
      equal(await store.sweep(), 10, "a sweep after the rest");
      equal((await store.findMany(["new 0", "plain 9", "old 29"])).map((found) => found !== undefined), [true, true, false], "what is left"); // prettier-ignore
    },
  },
  {
    name: "a sweep of a view removes and counts what is its own",
    needs: ["sweep", "list"],
    async run({ open, value, clock }) {
      const store = await open({ sweepInterval: Infinity });
      const mine = prefix(store, "mine/");
      const inner = prefix(mine, "[in]*");
      const expired = ["mine/1", "mine/2", "mine/3", "mine/[in]*1", "mine/in1", "mine", "mine0", "mine\uffff", "1"];
      for (const [index, key] of expired.entries()) await store.set(key, value("x"), { ttl: 1 + index });
      await mine.set("new", value("x"), { ttl: 1000 });
      await mine.set("plain", value("x"));
      equal([await mine.sweep(), await inner.sweep()], [0, 0], "sweeps before any deadline");
      clock.advance(20);
      equal(await inner.sweep(), 1, "a sweep of a view of the view");
      equal(await mine.sweep(), 4, "a sweep of the view");
      equal([await mine.sweep(), await inner.sweep()], [0, 0], "sweeps right after");
      equal(await store.sweep(), 4, "what is beside the view was left to a sweep of all");
      equal((await mine.findMany(["new", "plain", "1"])).map((found) => found !== undefined), [true, true, false], "what is left"); // prettier-ignore
    },
  },
  {
    name: "expired values that nobody reads are swept unasked",
    needs: ["sweep", "watch"],
    async run({ open, value, clock }) {
      const store = await open({ sweepInterval: 20 });
      const changes = store.watch();
      await store.set("key", value("x"), { ttl: 5 });
      clock.advance(5);
      equal(await collect(changes, 2), ["set key", "expire key"], "the changes");
      await changes.return!();
    },
  },
];
