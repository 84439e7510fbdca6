import assert from "node:assert/strict";
import { test } from "vitest";
import { createBench, type Bench } from "../../bench/bench.ts";
import { inTurn, type Peer } from "../../bench/peer.ts";
import { randomOf, zipf } from "../../bench/random.ts";
import { isValueOf, valueOf } from "../../bench/values.ts";

const say = (): void => {};

function peer(name: string, { isForgetful = false } = {}): Peer {
  const map = new Map<string, unknown>();
  return { name, set: (key, value) => void (isForgetful || map.set(key, value)), get: async (key) => map.get(key) };
}

const how = { what: "set", calls: 10, callers: 2 } as const;

function measured(options: Partial<Parameters<typeof createBench>[0]> = {}): Bench {
  return createBench({ rounds: 3, say, ...options });
}

test("a library that does not keep what was set is no peer", async () => {
  const bench = measured();
  await assert.rejects(
    bench.measure("set", [peer("shelflife"), peer("a sieve", { isForgetful: true })], how),
    /a sieve did not return what was set/,
  );
  await bench.measure("set", [peer("shelflife"), peer("another")], how);
  assert.deepEqual(
    bench.works[0]!.rows.map(({ peer }) => peer),
    ["shelflife", "another"],
  );
  assert.equal(bench.works[0]!.rounds, 3);
});

test("a peer that does not run here is left out, with why; ours never is", async () => {
  const bench = measured();
  const broken = (): Peer => {
    throw new Error("no such module\nat some place");
  };
  const opened = await bench.open({ shelflife: () => peer("it gets the name"), other: broken });
  assert.deepEqual(
    opened.map(({ name }) => name),
    ["shelflife"],
  );
  assert.deepEqual(bench.leftOut, { other: "Error: no such module" });
  await assert.rejects(bench.open({ "shelflife, strict": broken }), /no such module/);
});

test("a part of the works and of the peers can be asked for", async () => {
  const bench = measured({ only: "get", peers: ["life", "two"] });
  const all = [peer("shelflife"), peer("one"), peer("two")];
  await bench.measure("set", all, how);
  await bench.measure("get", all, { ...how, what: "get" });
  assert.deepEqual(
    bench.works.map(({ title, rows }) => [title, ...rows.map(({ peer }) => peer)]),
    [["get", "shelflife", "two"]],
  );
});

test("ours to another is the middle of the rounds' ratios, above 1 where ours is better", () => {
  const bench = measured();
  const rates = new Map([
    ["shelflife", [100, 200, 400]],
    ["other", [50, 50, 50]],
    ["nobody", [0, 0, 0]],
  ]);
  bench.note("calls", 10, rates, { fewer: { other: 5 } });
  bench.note("bytes", 10, rates, { unit: "bytes an entry" });
  bench.note("nothing", 10, new Map([["shelflife", [0]], ["other", [0]]]), { unit: "% hits" }); // prettier-ignore
  const [calls, bytes, nothing] = bench.works.map(({ rows }) => rows[1]!);
  assert.deepEqual([calls!.ours, calls!.median, calls!.calls], [4, 50, 5]);
  assert.deepEqual([bytes!.ours, bench.works[1]!.rows[0]!.slowest, bench.works[1]!.rows[0]!.fastest], [0.25, 400, 100]);
  assert.equal(nothing!.ours, 1);
  // What is written down as JSON has to come back.
  assert.deepEqual(JSON.parse(JSON.stringify(bench.works)), bench.works);
});

test("what is compared with others is ours in the plain way, wherever it stands", () => {
  const bench = measured();
  const rates = new Map([
    ["shelflife, buffered", [800]],
    ["shelflife", [100]],
    ["other", [50]],
  ]);
  bench.note("set", 10, rates);
  bench.note("set", 10, new Map([...rates].filter(([peer]) => peer !== "shelflife")));
  assert.deepEqual(
    bench.works.map(({ rows }) => rows.map(({ ours }) => ours)),
    [
      [0.13, 1, 2],
      [1, 16],
    ],
  );
});

test("in a mix, what is read is of its key, and what is written is there afterwards", async () => {
  const mix = { what: "mix", calls: 400, callers: 8, ttl: 1000 } as const;
  const bench = measured();
  const dated: unknown[] = [];
  const mine = peer("shelflife");
  const counting: Peer = {
    ...mine,
    set(key, value, ttl) {
      dated.push(ttl);
      return mine.set(key, value);
    },
  };
  await bench.measure("mix", [counting], mix);
  // It is filled first, all with a deadline.
  const later = dated.slice(400);
  assert.ok(later.length > 60 && later.length < 180, `${later.length} of 1,200 are sets`);
  assert.ok(later.includes(1000) && later.includes(undefined));

  const mixedUp = peer("another");
  let gets = 0;
  const wrong: Peer = { ...mixedUp, get: (key) => mixedUp.get(gets++ < 100 ? "user:319:profile" : key) };
  await assert.rejects(bench.measure("mix", [wrong], mix), /another did not return what was set/);
  let sets = 0;
  const full = peer("a full one");
  const forgetful: Peer = { ...full, set: (key, value) => void (sets++ < 400 && full.set(key, value)) };
  await assert.rejects(bench.measure("mix", [forgetful], mix), /a full one did not return what was set/);
});

test("a peer that has a better way to do many at once does it so", async () => {
  const bench = measured();
  const mine = peer("shelflife");
  let count = 0;
  const many: Peer = {
    ...mine,
    setAll(items) {
      count += items.length;
      for (const [key, value] of items) mine.set(key, value);
    },
    getAll: (keys) => Promise.all(keys.map(mine.get)),
  };
  await bench.measure("many", [many], { ...how, callers: Infinity });
  assert.equal(count, 30);
  const wrong: Peer = { ...many, getAll: async (keys) => (await many.getAll!(keys)).reverse() };
  await assert.rejects(bench.measure("many", [wrong], { ...how, what: "get", callers: Infinity }), /did not return/);
});

test("bytes are those of a key and of a round", () => {
  assert.ok(isValueOf(valueOf(7, 3, 100), 7, 100));
  for (const [value, what] of [
    [valueOf(8, 3, 100), "another key"],
    [valueOf(7, 3, 99), "shorter"],
    [valueOf(7, 3, 100).fill(66, 50), "of two rounds"],
    [undefined, "nothing"],
  ] as const)
    assert.ok(!isValueOf(value, 7, 100), what);
});

test("no peer is always first", () => {
  const firsts = [0, 1, 2].map((round) => inTurn(["a", "b", "c"], round)[0]);
  assert.deepEqual(firsts, ["a", "b", "c"]);
  assert.deepEqual(inTurn(["a", "b", "c"], 1), ["b", "c", "a"]);
});

test("requests are the same in every run, and skewed as they are called", () => {
  const draw = (seed: number, skew: number): number[] => {
    const [random, pick] = [randomOf(seed), zipf(1000, skew)];
    return Array.from({ length: 5000 }, () => pick(random()));
  };
  assert.deepEqual(draw(1, 1), draw(1, 1));
  assert.notDeepEqual(draw(1, 1), draw(2, 1));
  const share = (skew: number): number => draw(1, skew).filter((index) => index < 100).length / 5000;
  // Of ranks 1 to 1000: the sum of the first hundred of 1/n is 7 of 10 of that of all.
  assert.ok(Math.abs(share(1) - 0.7) < 0.04, String(share(1)));
  assert.ok(share(0.6) < share(1) && share(1) < share(1.2));
});
