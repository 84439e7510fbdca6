import type { Entry, Store } from "../../core/contract.ts";
import type { Case, Context } from "../case.ts";
import { equal, equalDeadline, rejects, rejectsWith } from "../expect.ts";

const needs = ["atomic", "transact"] as const;

/** What transact promises. */
export const transactions: readonly Case[] = [
  {
    name: "transact reads entries, and writes what its function returns for each",
    needs,
    async run({ open, value, text, clock }) {
      const store = await open();
      await store.set("old", value("one"), { ttl: 1000 });
      await store.set("gone", value("two"));
      await store.set("left", value("three"), { ttl: 2000 });
      let seen: unknown;
      const after = await store.transact(["old", "gone", "new", "none", "left"], (entries) => {
        seen = entries.map((entry) => entry && [text(entry.value), entry.expiresAt]);
        return [
          { value: value("1"), ttl: 500 },
          undefined,
          { value: value("2"), expiresAt: clock.now() + 700 },
          undefined,
          entries[4],
        ];
      });
      const start = clock.now();
      equal(seen, [["one", start + 1000], ["two", Infinity], undefined, undefined, ["three", start + 2000]], "what it read"); // prettier-ignore
      const expected = [["1", start + 500], undefined, ["2", start + 700], undefined, ["three", start + 2000]];
      equal(shown(after, text), expected, "the result");
      const stored = await Promise.all(["old", "gone", "new", "none", "left"].map((key) => store.entry(key)));
      equal(shown(stored, text), expected, "what is stored");
    },
  },
  {
    name: "transact writes for ever what it is given no lifetime for",
    needs: ["atomic"],
    async run({ open, value, text }) {
      const store = await open();
      await store.set("key", value("old"), { ttl: 1000 });
      await store.transact(["key"], () => [{ value: value("new") }]);
      await equalDeadline(store, "key", Infinity, "the deadline");
      equal(text(await store.get("key")), "new", "the value");
    },
  },
  {
    name: "transact of one key is an update, and where several keys cannot be changed in one step it is unsupported",
    needs: ["atomic"],
    async run({ open, value, text, subject }) {
      const store = await open();
      const [entry] = await store.transact(["n"], () => [{ value: value("1") }]);
      equal(text(entry?.value), "1", "the result");
      if (subject.can.includes("transact")) return;
      const never = (): never => {
        throw new Error("It was called");
      };
      await rejects(() => store.transact(["n", "m"], never), "unsupported", "two keys");
    },
  },
  {
    name: "of a transact whose function throws, or returns what cannot be written, nothing is written",
    needs,
    async run({ open, value, text }) {
      const store = await open();
      await store.set("a", value("old"));
      const thrown = new Error("thrown");
      const fail = (): never => {
        throw thrown;
      };
      await rejectsWith(() => store.transact(["a", "b"], fail), thrown, "a function that throws");
      const bad: Record<string, () => unknown> = {
        "too few": () => [{ value: value("x") }],
        "too many": () => [{ value: value("x") }, undefined, undefined],
        none: () => undefined,
        "no entry": () => [{ value: value("x") }, 7],
        "null for an entry": () => [{ value: value("x") }, null],
        "a promise": async () => [{ value: value("x") }, undefined],
        "a promise that rejects": () => Promise.reject(thrown),
        "a ttl of 0": () => [{ value: value("x") }, { value: value("y"), ttl: 0 }],
        "a deadline that is none": () => [{ value: value("x") }, { value: value("y"), expiresAt: Number.NaN }],
        "both a ttl and a deadline": () => [{ value: value("x") }, { value: value("y"), ttl: 1, expiresAt: 1 }],
      };
      for (const [what, change] of Object.entries(bad)) {
        await rejects(() => store.transact(["a", "b"], change as never), "invalid-argument", what);
      }
      equal((await store.findMany(["a", "b"])).map(text), ["old", undefined], "the values");
    },
  },
  {
    name: "a hole in what the function of a transact returns is no value, as undefined is",
    needs,
    async run({ open, value, text }) {
      const store = await open();
      await store.setMany([
        ["a", value("1")],
        ["b", value("2")],
      ]);
      // oxlint-disable-next-line no-sparse-arrays
      const after = await store.transact(["a", "b"], () => [, { value: value("3") }]);
      equal(shown(after, text), [undefined, ["3", Infinity]], "the result");
      equal((await store.findMany(["a", "b"])).map(text), [undefined, "3"], "the values");
    },
  },
  {
    name: "transact takes 1 to 1,000 distinct keys",
    needs,
    async run({ open, value, subject }) {
      const store = await open();
      const all = Array.from({ length: 1000 }, (_, index) => `k${index}`);
      const never = (): never => {
        throw new Error("It was called");
      };
      const refused = { none: [], duplicates: ["a", "b", "a"], "1,001 keys": [...all, "more"], "no key": ["a", ""], "no array": 7 }; // prettier-ignore
      for (const [what, keys] of Object.entries(refused)) {
        await rejects(() => store.transact(keys as never, never), "invalid-argument", what);
      }
      await rejects(() => store.transact(["a"], "no function" as never), "invalid-argument", "no function");
      const { transactKeys = 1000 } = subject;
      if (transactKeys < 1000) {
        const tooMany = all.slice(0, transactKeys + 1);
        await rejects(() => store.transact(tooMany, never), "unsupported", "more keys than the medium takes");
      }
      const wanted = all.slice(0, transactKeys);
      await store.transact(new Set(wanted), () => wanted.map((key) => ({ value: value(key) })));
      const found = await store.findMany(all);
      equal(found.filter((each) => each !== undefined).length, transactKeys, "what was written");
    },
  },
  {
    name: "transact sees nothing that has expired, and a deadline that is past leaves no live value",
    needs,
    async run({ open, value, clock }) {
      const store = await open();
      await store.set("over", value("x"), { ttl: 10 });
      await store.set("live", value("x"));
      clock.advance(10);
      const after = await store.transact(["over", "live", "new"], (entries) => {
        equal(entries[0], undefined, "the expired entry");
        const past = { value: value("y"), expiresAt: clock.now() };
        return [undefined, past, past];
      });
      equal(after, [undefined, undefined, undefined], "the result");
      equal(await store.findMany(["over", "live", "new"]), [undefined, undefined, undefined], "what is there");
    },
  },
  {
    name: "the bytes of a transact are nobody else's",
    needs: ["atomic", "transact", "bytes"],
    async run({ open }) {
      const store = await open();
      await store.setMany([
        ["a", Uint8Array.of(1, 2)],
        ["b", Uint8Array.of(3, 4)],
      ]);
      const given = Uint8Array.of(5, 6);
      const [a, b] = await store.transact(["a", "b"], ([, left]) => {
        left?.value.fill(9);
        return [{ value: given }, left];
      });
      given.fill(9);
      equal(await store.findMany(["a", "b"]), [Uint8Array.of(5, 6), Uint8Array.of(3, 4)], "the values");
      equal([a?.value, b?.value], [Uint8Array.of(5, 6), Uint8Array.of(3, 4)], "the result");
      a?.value.fill(9);
      b?.value.fill(9);
      equal(await store.findMany(["a", "b"]), [Uint8Array.of(5, 6), Uint8Array.of(3, 4)], "the values after that");
    },
  },
  {
    name: "two keys that sum to 100 sum to 100 for whoever reads them in one transact, whoever writes",
    needs,
    async run(context) {
      const store = await context.open();
      await transfer(context, [store]);
    },
  },
  {
    name: "two keys sum to 100 for two stores on one medium",
    needs: ["atomic", "transact", "shared"],
    async run(context) {
      await transfer(context, [await context.open(), await context.open()]);
    },
  },
];

/** Moves amounts between two keys from several stores at once, and reads both. */
async function transfer({ value, text, subject }: Context, stores: readonly Store<any>[]): Promise<void> {
  const [first] = stores;
  await first!.setMany([
    ["a", value("100")],
    ["b", value("0")],
  ]);
  const { rounds = 1000 } = subject;
  let steps = 0;
  const sums = new Set<number>();
  const amounts = (entries: readonly (Entry<any> | undefined)[]): number[] =>
    entries.map((entry) => Number(text(entry?.value)));
  const work = Array.from({ length: Math.min(rounds, 40) }, async (_, index) => {
    const store = stores[index % stores.length]!;
    if (index % 4 === 3) {
      await store.transact(["a", "b"], (entries) => {
        const [a, b] = amounts(entries);
        sums.add(a! + b!);
        return entries;
      });
      return;
    }
    await store.transact(["b", "a"], (entries) => {
      const [b, a] = amounts(entries);
      return [{ value: value(String(b! + index)) }, { value: value(String(a! - index)) }];
    });
    steps += index;
  });
  await Promise.all(work);
  equal([...sums], [100], "the sums that were read");
  equal((await first!.findMany(["a", "b"])).map(text), [String(100 - steps), String(steps)], "the amounts");
}

function shown(entries: readonly (Entry<any> | undefined)[], text: (value: any) => string | undefined): unknown {
  return entries.map((entry) => entry && [text(entry.value), entry.expiresAt]);
}
