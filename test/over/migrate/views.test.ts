import assert from "node:assert/strict";
import { test } from "vitest";
import { z } from "zod";
import { json, memory, migrate, prefix, type Store, type StoreError } from "../../../src/index.ts";
import { localforage } from "../../../src/adapters/localforage.ts";
import { isSame } from "../../../src/over/migrate/isSame.ts";
import { drivers, fresh } from "../../adapters/localforage/forage.ts";
import { utf8 } from "../../support/bytes.ts";
import { content, nothing, stores } from "./stores.ts";

/** Migrates, and returns what was done and skipped. */
async function migrated<T>(from: Store<T>, to: Store<T>, options = {}): Promise<[object, Record<string, string>]> {
  const skipped: { key: string; reason: StoreError }[] = [];
  const done = await migrate(from, to, { ...options, onSkipped: (each) => skipped.push(each) });
  return [done, Object.fromEntries(skipped.map(({ key, reason }) => [key, reason.code]))];
}

test("between JSON views all is copied, found present the second time, and removed the third", async () => {
  const { clock, from, to } = stores();
  const [source, target] = [json<any>(from), json<any>(to)];
  const values = { object: { a: [1, { b: 2, c: null }], d: "x" }, list: [1, [2]], text: "x", number: 5, zero: 0, no: false, nothing: null, data: JSON.parse('{"valueOf":1,"__proto__":2}') }; // prettier-ignore
  await source.setMany(Object.entries(values).map(([key, value]) => [key, value, { ttl: 60_000 }]));
  const before = await content(from);
  const count = Object.keys(values).length;
  const bytes = Object.values(before).reduce((sum, [text]) => sum + text.length, 0);
  const options = { now: clock.now };
  assert.deepEqual(await migrated(source, target, options), [{ ...nothing, copied: count, bytes }, {}]);
  assert.deepEqual(await content(to), before);
  // Another order of the same properties.
  await to.set("object", utf8('{"d":"x","a":[1,{"c":null,"b":2}]}'), { ttl: 60_000 });
  assert.deepEqual(await migrated(source, target, options), [{ ...nothing, present: count }, {}]);
  await target.set("list", [1, [3]]);
  assert.deepEqual(await migrated(source, target, { ...options, remove: true }), [
    { ...nothing, present: count - 1, kept: 1, removed: count - 1 },
    {},
  ]);
  assert.deepEqual(Object.keys(await content(from)), ["list"]);
});

test("views that transform are migrated, once and again", async () => {
  const { from, to } = stores();
  const schema = z.object({ at: z.coerce.date() });
  const [source, target] = [json(from, { schema }), json(to, { schema })];
  await source.set("a", { at: new Date(5) });
  assert.deepEqual((await migrated(source, target))[0], { ...nothing, copied: 1, bytes: 33 });
  assert.deepEqual((await migrated(source, target, { remove: true }))[0], { ...nothing, present: 1, removed: 1 });
});

test("what the target does not take is skipped with its key and reason, and stays; without a listener the migration rejects", async () => {
  const from = memory();
  const to = memory({ maxBytes: 5000 });
  const long = "k".repeat(1024);
  await from.setMany([["a", utf8("1")], ["big", new Uint8Array(6000)], ["text", utf8('"x"')], ["z", utf8("{")], [long, utf8("2")]]); // prettier-ignore
  const view = prefix(to, "to/");
  await assert.rejects(migrate(from, view), { code: "quota-exceeded" });
  const [done, skipped] = await migrated(from, view, { remove: true });
  assert.deepEqual(done, { ...nothing, present: 3, removed: 3, skipped: 2 });
  assert.deepEqual(skipped, { big: "quota-exceeded", [long]: "invalid-argument" });
  assert.deepEqual(Object.keys(await content(from)), ["big", long]);

  // From here on the kinds of values do not fit, or not all.
  const numbers = json(memory(), { schema: z.number() });
  const [counted, left] = await migrated<any>(json(view), numbers);
  assert.deepEqual(counted, { ...nothing, copied: 1, skipped: 2, unreadable: 1, bytes: 1 });
  assert.deepEqual(left, { text: "cant-encode", z: "cant-decode" });
  const [none] = await migrated<any>(view, json(memory()));
  assert.deepEqual(none, { ...nothing, skipped: 3 });
  const [neither] = await migrated<any>(numbers, memory());
  assert.deepEqual(neither, { ...nothing, skipped: 1 });
});

test.each(Object.entries(drivers))("what is no key of a store is reported after all else: %s", async (_, driver) => {
  const instance = fresh(driver);
  const strays = ["", "k".repeat(1025), "lone \ud800"];
  for (const key of ["a", ...strays, "b"]) await instance.setItem(key, 1);
  const source = localforage(instance);
  const to = memory();
  const [done, skipped] = await migrated(source, to);
  assert.deepEqual(done, { ...nothing, copied: 2, skipped: 3, bytes: 2 });
  assert.deepEqual(skipped, Object.fromEntries(strays.map((key) => [key, "invalid-argument"])));
  // Without a listener nothing is lost without a word either, and the rest is there.
  const rest = memory();
  await assert.rejects(migrate(source, rest), { code: "invalid-argument" });
  assert.deepEqual(Object.keys(await content(rest)), ["a", "b"]);
  // Through views, by the names that those know.
  const [below, left] = await migrated(json(prefix(source, "l")), json(memory()));
  assert.deepEqual([below, left], [{ ...nothing, skipped: 1 }, { "one \ud800": "invalid-argument" }]);
  const [within, long] = await migrated(prefix(source, "k".repeat(9)), memory());
  assert.deepEqual([within, long], [{ ...nothing, skipped: 1 }, { ["k".repeat(1016)]: "invalid-argument" }]);
  await source.close();
});

test("values are the same only where all of them is to be seen", () => {
  const circle: unknown[] = [];
  circle.push(circle);
  const other: unknown[] = [];
  other.push(other);
  const same: [unknown, unknown][] = [
    [Number.NaN, Number.NaN],
    [new Date(5), new Date(5)],
    [new Map([["a", [1]]]), new Map([["a", [1]]])],
    [new Set([1]), new Set([1])],
    [Uint8Array.of(0, 1, 2).subarray(1), Uint8Array.of(1, 2)],
    [Object.assign(Object.create(null), { a: undefined }), { a: undefined }],
    [circle, circle],
  ];
  for (const [index, [a, b]] of same.entries()) assert.equal(isSame(a, b), true, `${index}`);
  const different: [unknown, unknown][] = [
    [{ a: undefined }, {}],
    [{ a: undefined }, { b: undefined }],
    [[1], { 0: 1 }],
    [[[1]], [["1"]]],
    [null, {}],
    [undefined, null],
    [0, -0],
    [new Date(5), new Date(6)],
    [new Map([["a", 1]]), new Map([["a", 2]])],
    [Uint8Array.of(1), Int8Array.of(1)],
    [Uint8Array.of(1), [1]],
    [/a/, /b/],
    [new Error("a"), new Error("b")],
    [new (class { #a = 1; a(): number { return this.#a; } })(), new (class { #a = 2; a(): number { return this.#a; } })()],
    [Promise.resolve(1), Promise.resolve(2)],
    [circle, other],
  ]; // prettier-ignore
  for (const [index, [a, b]] of different.entries()) assert.equal(isSame(a, b), false, `${index}`);
});
