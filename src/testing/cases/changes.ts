import type { Change } from "../../core/contract.ts";
import type { Case } from "../case.ts";
import { equal, rejects } from "../expect.ts";
import { collect, collectAll, equalChanges } from "./watching.ts";

const needs = ["watch"] as const;

/** What a watch promises. */
export const changes: readonly Case[] = [
  {
    name: "a watch reports each change once",
    needs,
    async run(context) {
      const { open, value, clock, subject } = context;
      const store = await open();
      const watch = store.watch();
      await store.set("a", value("1"));
      await store.set("a", value("1"));
      await store.set("b", value("1"), { ttl: 10 });
      await store.delete("a");
      await store.find("a");
      await store.deleteMany(["a", "none"]);
      const expected = ["set a", "set a", "set b", "delete a"];
      if (subject.can.includes("atomic")) {
        clock.advance(10);
        await store.find("b");
        await store.find("b");
        expected.push("expire b");
      }
      equalChanges(context, await collectAll(context, store, watch), expected, "the changes");
      await watch.return!();
    },
  },
  {
    name: "a watch reports nothing that was acknowledged before it was called",
    needs,
    async run(context) {
      const { open, value } = context;
      const store = await open();
      const earlier: AsyncIterator<Change>[] = [];
      // At first nobody watches; then what reports changes is there already.
      for (let round = 0; round < 3; round++) {
        for (const key of ["a", "b", "c"]) await store.set(key, value("x"));
        await store.setMany([["d", value("x")], ["e", value("x")]]); // prettier-ignore
        await store.delete("b");
        await store.deleteMany(["e"]);
        const watch = store.watch();
        equal(await collectAll(context, store, watch), [], `round ${round}`);
        earlier.push(watch);
      }
      for (const watch of earlier) await watch.return!();
    },
  },
  {
    name: "a watch reports every atomic call that changed something",
    needs: ["watch", "atomic"],
    async run(context) {
      const { open, value } = context;
      const store = await open();
      const watch = store.watch();
      await store.setIfAbsent("a", value("1"));
      await store.setIfAbsent("a", value("2"));
      await store.compareAndSet("a", value("2"), value("3"));
      await store.compareAndSet("a", value("1"), value("3"));
      await store.touch("a", { ttl: 1000 });
      await store.touch("none", { ttl: 1000 });
      await store.increment("n");
      await store.update("u", () => value("x"));
      await store.update("u", () => undefined);
      await store.update("u", () => undefined);
      await store.take("a");
      await store.take("a");
      const expected = ["set a", "set a", "set a", "set n", "set u", "delete u", "delete a"];
      equalChanges(context, await collectAll(context, store, watch), expected, "the changes");
      await watch.return!();
    },
  },
  {
    name: "a watch reports every key that setMany, deleteMany and clear are about",
    needs: ["watch", "list"],
    async run(context) {
      const { open, value } = context;
      const store = await open();
      const watch = store.watch();
      await store.setMany([["a", value("1")], ["b", value("2")], ["b", value("3")], ["c/1", value("4")], ["c/2", value("5")], ["d", value("6")]]); // prettier-ignore
      equal((await collect(watch, 5)).sort(), ["set a", "set b", "set c/1", "set c/2", "set d"], "setMany");
      await store.deleteMany(["a", "none"]);
      equal(await collect(watch, 1), ["delete a"], "deleteMany");
      await store.clear({ prefix: "c/" });
      equal((await collect(watch, 2)).sort(), ["delete c/1", "delete c/2"], "clear of a prefix");
      await store.clear();
      equal((await collectAll(context, store, watch)).sort(), ["delete b", "delete d"], "clear");
      await watch.return!();
    },
  },
  {
    name: "an entry that is removed after its deadline is reported as expire, one that is overwritten as set",
    needs: ["watch", "atomic", "list", "sweep"],
    async run(context) {
      const { open, value, clock } = context;
      const store = await open();
      const watch = store.watch();
      for (const key of ["swept", "deleted", "taken", "many", "cleared", "set"]) await store.set(key, value("x"), { ttl: key === "swept" ? 5 : 10 }); // prettier-ignore
      await collect(watch, 6);
      clock.advance(5);
      await store.sweep();
      clock.advance(5);
      await store.set("set", value("y"));
      await store.delete("deleted").catch(() => {});
      await store.take("taken");
      await store.deleteMany(["many"]);
      await store.clear();
      const reported = await collectAll(context, store, watch);
      const removed = ["swept", "deleted", "taken", "many", "cleared"].map((key) => `expire ${key}`);
      equal(reported.filter((change) => !change.endsWith(" set")).sort(), removed.sort(), "what was removed");
      // That its old value had expired may have been noticed before it was overwritten.
      const overwritten = reported.filter((change) => change.endsWith(" set") && change !== "expire set");
      equal(overwritten, ["set set", "delete set"], "what was overwritten");
      await watch.return!();
    },
  },
  {
    name: "while somebody watches, an expiry is reported though nobody reads",
    needs,
    async run({ open, value, clock, subject }) {
      // The deadlines of many servers are nowhere together.
      if (subject.isScattered) return;
      const store = await open();
      await store.set("over", value("x"), { ttl: 5 });
      await store.set("before", value("x"), { ttl: 30 });
      clock.advance(5);
      const watch = store.watch();
      await store.set("during", value("x"), { ttl: 20 });
      await store.set("late", value("x"), { ttl: 1000 });
      equal(await collect(watch, 2), ["set during", "set late"], "what was written");
      clock.advance(20);
      equal(await collect(watch, 1), ["expire during"], "the first");
      clock.advance(5);
      equal(await collect(watch, 1), ["expire before"], "the second");
      await watch.return!();
    },
  },
  {
    name: "a watch with a prefix reports nothing else",
    needs,
    async run(context) {
      const { open, value } = context;
      const store = await open();
      const watch = store.watch({ prefix: "a/" });
      for (const key of ["a", "a/1", "b", "a/2", "a0"]) await store.set(key, value("x"));
      equalChanges(context, await collectAll(context, store, watch), ["set a/1", "set a/2"], "the changes");
      await watch.return!();
    },
  },
  {
    name: "what another store on the medium does is reported too, once",
    needs: ["watch", "shared"],
    async run({ open, value }) {
      const [mine, other] = [await open(), await open()];
      const watch = mine.watch();
      // Whether the other store's first change comes after the watch began is known only once one has been seen.
      await mine.set("first", value("x"));
      equal(await collect(watch, 1), ["set first"], "the first change");
      await other.set("a", value("1"));
      equal(await collect(watch, 1), ["set a"], "a set by the other");
      await other.delete("a");
      equal(await collect(watch, 1), ["delete a"], "a deletion by the other");
      await other.set("b", value("1"));
      await mine.set("last", value("x"));
      equal((await collect(watch, 2)).sort(), ["set b", "set last"], "changes by both");
      await watch.return!();
    },
  },
  {
    name: "every watch gets a change, and one that ended gets no more",
    needs,
    async run(context) {
      const { open, value } = context;
      const store = await open();
      const [first, second] = [store.watch(), store.watch()];
      await store.set("a", value("x"));
      equal(await collect(first, 1), ["set a"], "the first watch");
      await first.return!();
      await store.set("b", value("x"));
      equalChanges(context, await collect(second, 2), ["set a", "set b"], "the second watch");
      equal(await first.next(), { done: true, value: undefined }, "the first watch after its end");
      await second.return!();
    },
  },
  {
    name: "what is written while a watch begins is copied when it is asked for",
    needs: ["watch", "atomic", "bytes"],
    async run({ open }) {
      const store = await open();
      const watch = store.watch();
      const mine = Uint8Array.of(1);
      const writes = [store.set("a", mine), store.setMany([["b", mine]]), store.setIfAbsent("c", mine)];
      mine[0] = 2;
      await Promise.all(writes);
      equal(await store.findMany(["a", "b", "c"]), Array(3).fill(Uint8Array.of(1)), "the values");
      await watch.return!();
    },
  },
  {
    name: "a watch that waits ends with its return, and with the store",
    needs,
    async run({ open }) {
      const store = await open();
      const [first, second] = [store.watch(), store.watch()];
      const waiting = [first.next(), first.next(), second.next()];
      await first.return!();
      await store.close();
      const ended = { done: true, value: undefined };
      equal(await Promise.all(waiting), [ended, ended, ended], "what waited");
    },
  },
  {
    name: "an aborted watch ends quietly, at once",
    needs,
    async run({ open, value }) {
      const store = await open();
      const controller = new AbortController();
      const ended = { done: true, value: undefined };
      const waiting = store.watch({ signal: controller.signal }).next();
      const [late, other] = [store.watch({ signal: controller.signal }), store.watch()];
      await store.set("waiting", value("x"));
      equal(await waiting, { done: false, value: { type: "set", key: "waiting" } }, "what was reported");
      // It has been reported to all by then.
      equal(await collect(other, 1), ["set waiting"], "another watch");
      controller.abort(new Error("enough"));
      equal(await late.next(), ended, "a watch not yet read");
      equal(await store.watch({ signal: controller.signal }).next(), ended, "a watch begun too late");
      for await (const _ of store.watch({ signal: controller.signal })) throw new Error("It went on");
      await store.set("other", value("x"));
      equal(await collect(other, 1), ["set other"], "another watch after that");
      await other.return!();
    },
  },
  {
    name: "a watch that is refused rejects",
    needs,
    async run({ open }) {
      const store = await open();
      await rejects(() => store.watch({ prefix: 5 as never }).next(), "invalid-argument", "a number as prefix");
      await store.close();
      await rejects(() => store.watch().next(), "closed", "a watch of a closed store");
    },
  },
];
