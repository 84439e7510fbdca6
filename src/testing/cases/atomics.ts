import type { Case } from "../case.ts";
import { equal, equalDeadline, rejects, rejectsWith } from "../expect.ts";

const needs = ["atomic"] as const;

/** What compareAndSet, setIfAbsent, take, increment, update and touch promise. */
export const atomics: readonly Case[] = [
  {
    name: "compareAndSet writes if the value is the expected one",
    needs,
    async run({ open, value, text }) {
      const store = await open();
      equal(await store.compareAndSet("key", value("x"), value("y")), false, "a value expected, none there");
      equal(await store.compareAndSet("key", undefined, value("one")), true, "none expected, none there");
      equal(await store.compareAndSet("key", undefined, value("two")), false, "none expected, one there");
      equal(await store.compareAndSet("key", value("on"), value("two")), false, "another expected");
      equal(await store.compareAndSet("key", value("one"), value("two")), true, "the right one expected");
      equal(text(await store.get("key")), "two", "the value");
    },
  },
  {
    name: "compareAndSet and update keep the deadline unless they are given a ttl",
    needs,
    async run({ open, value, clock }) {
      const store = await open();
      const start = clock.now();
      await store.set("key", value("1"), { ttl: 1000 });
      clock.advance(10);
      await store.compareAndSet("key", value("1"), value("2"));
      await equalDeadline(store, "key", start + 1000, "after compareAndSet");
      await store.update("key", () => value("3"));
      await equalDeadline(store, "key", start + 1000, "after update");
      await store.compareAndSet("key", value("3"), value("4"), { ttl: 2000 });
      await equalDeadline(store, "key", clock.now() + 2000, "after compareAndSet with a ttl");
      await store.update("key", () => value("5"), { ttl: 3000 });
      await equalDeadline(store, "key", clock.now() + 3000, "after update with a ttl");
      await store.update("key", () => value("6"), { ttl: Infinity });
      await equalDeadline(store, "key", Infinity, "after update with an infinite ttl");
    },
  },
  {
    name: "setIfAbsent writes once, with its deadline",
    needs,
    async run({ open, value, text, clock }) {
      const store = await open();
      equal(await store.setIfAbsent("key", value("one"), { ttl: 100 }), true, "the first");
      equal(await store.setIfAbsent("key", value("two"), { ttl: 500 }), false, "the second");
      equal(text(await store.get("key")), "one", "the value");
      await equalDeadline(store, "key", clock.now() + 100, "the deadline");
    },
  },
  {
    name: "of many who set if absent, one wins",
    needs,
    async run({ open, value, text }) {
      const store = await open();
      const tries = Array.from({ length: 20 }, (_, index) => store.setIfAbsent("key", value(String(index))));
      const winners = (await Promise.all(tries)).flatMap((won, index) => (won ? [String(index)] : []));
      equal(winners.length, 1, "winners");
      equal([text(await store.get("key"))], winners, "the value");
    },
  },
  {
    name: "take reads and removes, and of many takers one gets the value",
    needs,
    async run({ open, value, text }) {
      const store = await open();
      await store.set("key", value("x"));
      const taken = await Promise.all(Array.from({ length: 20 }, () => store.take("key")));
      equal(taken.filter((found) => found !== undefined).map(text), ["x"], "what the takers got");
      equal(await store.has("key"), false, "has");
    },
  },
  {
    name: "increment counts, keeps text, and applies its ttl when it creates",
    needs,
    async run({ open, value, clock, subject }) {
      const store = await open();
      const start = clock.now();
      equal(await store.increment("n", 1, { ttl: 1000 }), 1, "the first");
      clock.advance(10);
      equal(await store.increment("n", 41, { ttl: 5000 }), 42, "the second");
      equal(await store.increment("n", -50), -8, "a negative step");
      equal(await store.increment("n", 0.5), -7.5, "a fraction");
      await equalDeadline(store, "n", start + 1000, "the deadline");
      equal(await store.increment("forever"), 1, "without a ttl");
      await equalDeadline(store, "forever", Infinity, "its deadline");
      if (!subject.can.includes("bytes")) return;
      equal(new TextDecoder().decode(await store.get("n")), "-7.5", "the text");
      await store.set("given", value("9007199254740990"));
      equal(await store.increment("given"), Number.MAX_SAFE_INTEGER, "a number written as text");
    },
  },
  {
    name: "increment refuses what is no number, or no longer exact, and leaves it as it is",
    needs,
    async run({ open, value, text, subject }) {
      const store = await open();
      await store.set("word", value("seven"));
      await rejects(() => store.increment("word"), "cant-decode", "a word", "word");
      equal(text(await store.get("word")), "seven", "the word");
      for (const by of [Number.NaN, Infinity, "1", null] as number[]) {
        await rejects(() => store.increment("n", by), "invalid-argument", `by ${String(by)}`);
      }
      equal(await store.has("n"), false, "has");
      await store.increment("n", Number.MAX_SAFE_INTEGER);
      await rejects(() => store.increment("n"), "invalid-argument", "beyond 2^53 - 1", "n");
      equal(await store.increment("n", 0), Number.MAX_SAFE_INTEGER, "the number");
      if (!subject.can.includes("bytes")) return;
      for (const bad of ["", " 1", "1 ", "0x10", "1_000", "Infinity", "NaN", "01", "+1", "\ufeff1"]) {
        await store.set("bad", value(bad));
        await rejects(() => store.increment("bad"), "cant-decode", JSON.stringify(bad), "bad");
      }
    },
  },
  {
    name: "concurrent increments are exact",
    needs,
    async run({ open }) {
      const store = await open();
      const sums = await Promise.all(Array.from({ length: 50 }, () => store.increment("n")));
      equal(sums.sort((a, b) => a - b), Array.from({ length: 50 }, (_, index) => index + 1), "the sums"); // prettier-ignore
      equal(await store.increment("n", 0), 50, "the number");
    },
  },
  {
    name: "increments of two stores on one medium are exact",
    needs: ["atomic", "shared"],
    async run({ open }) {
      const stores = [await open(), await open()];
      await Promise.all(Array.from({ length: 100 }, (_, index) => stores[index % 2]!.increment("n")));
      equal(await stores[0]!.increment("n", 0), 100, "the number");
    },
  },
  {
    name: "concurrent updates are never lost",
    needs,
    async run({ open, value, text }) {
      const store = await open();
      const append = (current: unknown): unknown => value(`${text(current) ?? ""}x`);
      await Promise.all(Array.from({ length: 20 }, () => store.update("key", append)));
      equal(text(await store.get("key")), "x".repeat(20), "the value");
    },
  },
  {
    name: "update writes what its function returns, and removes for undefined",
    needs,
    async run({ open, value, text }) {
      const store = await open();
      equal(await store.update("key", () => undefined), undefined, "nothing made of nothing");
      equal(await store.has("key"), false, "has");
      equal(text(await store.update("key", (current) => value(`${String(current)}!`))), "undefined!", "the first");
      equal(text(await store.update("key", (current) => value(`${text(current)}!`))), "undefined!!", "the second");
      equal(text(await store.get("key")), "undefined!!", "the value");
      equal(await store.update("key", () => undefined), undefined, "removing");
      equal(await store.has("key"), false, "has after removing");
    },
  },
  {
    name: "an update whose function throws writes nothing and rejects with what was thrown",
    needs,
    async run({ open, value, text }) {
      const store = await open();
      await store.set("key", value("old"));
      const thrown = new Error("thrown");
      const fail = (): never => {
        throw thrown;
      };
      await Promise.all([
        rejectsWith(() => store.update("key", fail), thrown, "update"),
        store.set("neighbour", value("x")),
        rejectsWith(() => store.update("none", fail), thrown, "update of a missing key"),
        store.update("other", () => value("y")),
      ]);
      const left = await store.findMany(["key", "none", "neighbour", "other"]);
      equal(left.map(text), ["old", undefined, "x", "y"], "the values");
      await rejects(() => store.update("key", "no function" as never), "invalid-argument", "no function");
    },
  },
  {
    name: "an update's bytes are nobody else's",
    needs: ["atomic", "bytes"],
    async run({ open }) {
      const store = await open();
      await store.set("key", Uint8Array.of(1, 2, 3));
      let kept: Uint8Array | undefined;
      const updated = await store.update("key", (current) => (kept = current?.fill(5)));
      kept?.fill(6);
      updated?.fill(7);
      equal(await store.get("key"), Uint8Array.of(5, 5, 5), "the value");
      const thrown = new Error("thrown");
      const spoil = (current: Uint8Array | undefined): never => {
        current?.fill(8);
        throw thrown;
      };
      await rejectsWith(() => store.update("key", spoil), thrown, "a function that changes what it got, and throws");
      equal(await store.get("key"), Uint8Array.of(5, 5, 5), "the value after that");
      await rejects(
        () => store.update("key", () => "text" as never),
        "invalid-argument",
        "a function that returns text",
      );
      equal(await store.get("key"), Uint8Array.of(5, 5, 5), "the value after a refused update");
    },
  },
  {
    name: "a call that is made inside an update comes before it or after it",
    needs,
    async run({ open, value, text }) {
      const store = await open();
      await store.increment("count", 1);
      await store.set("taken", value("old"));
      const inside = new Map<string, Promise<unknown>>();
      const seen = new Map<string, string | undefined>();
      // The function may run again, and begins the call only once.
      const begin = (key: string, call: () => Promise<unknown>): void => {
        if (!inside.has(key)) inside.set(key, call());
      };
      await store.update("count", (current) => {
        begin("count", () => store.increment("count", 10));
        return current;
      });
      const updated = await store.update("taken", () => {
        begin("taken", () => store.take("taken"));
        return value("new");
      });
      await store.update("absent", (current) => {
        seen.set("absent", text(current));
        begin("absent", () => store.setIfAbsent("absent", value("inner")));
        return value("outer");
      });
      await Promise.all(inside.values());
      equal(await store.increment("count", 0), 11, "an increment inside");
      equal(text(updated), "new", "the update with a take inside");
      const taken = text((await inside.get("taken")) as typeof updated);
      equal(
        text(await store.find("taken")),
        taken === "old" ? "new" : undefined,
        `what is left after ${taken} was taken`,
      );
      equal(text(await store.find("absent")), "outer", "an update with a setIfAbsent inside");
      equal(seen.get("absent"), (await inside.get("absent")) ? "inner" : undefined, "what that update saw last");
    },
  },
  {
    name: "touch gives a live value another deadline and leaves the value",
    needs,
    async run({ open, value, text, clock }) {
      const store = await open();
      await store.set("key", value("x"), { ttl: 100 });
      clock.advance(60);
      equal(await store.touch("key", { ttl: 100 }), true, "touch");
      await equalDeadline(store, "key", clock.now() + 100, "the deadline");
      clock.advance(60);
      equal(text(await store.find("key")), "x", "the value");
      equal(await store.touch("key", { ttl: Infinity }), true, "touch for ever");
      await equalDeadline(store, "key", Infinity, "the deadline for ever");
      await rejects(() => store.touch("key", {} as never), "invalid-argument", "touch without a ttl");
      await rejects(() => store.touch("key", undefined as never), "invalid-argument", "touch without options");
    },
  },
  {
    name: "a touch beside an update that changes nothing is not undone by it",
    needs: ["atomic", "shared"],
    async run({ open, value, clock, subject }) {
      const [one, other] = [await open(), await open()];
      const { rounds = 1000 } = subject;
      let undone = 0;
      for (let round = 0; round < Math.min(rounds, 100); round++) {
        await one.set("key", value("same"), { ttl: 1000 });
        await Promise.all([one.touch("key", { ttl: 5000 }), other.update("key", (current) => current)]);
        if ((await one.entry("key"))?.expiresAt !== clock.now() + 5000) undone++;
      }
      equal(undone, 0, "deadlines undone");
    },
  },
];
