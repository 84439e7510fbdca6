// Stores on one database whose prefixes begin with one another.
import assert from "node:assert/strict";
import { beforeEach, test } from "vitest";
import type { Store } from "../../src/core/contract.ts";
import { isStoreError } from "../../src/core/error.ts";
import { text, utf8 } from "../support/bytes.ts";
import { showChange } from "../support/showChange.ts";
import { until } from "../support/until.ts";
import { valkeyPlaces, type Where } from "../support/valkeyPlaces.ts";

const valkeys = valkeyPlaces();
beforeEach(async () => {
  for (const node of [valkeys.server, ...valkeys.cluster.nodes.slice(0, 3)]) await node.cli("flushall");
});

function open(where: Where, prefix?: string, more: object = {}): Store {
  return valkeys.open(where, { ...(prefix !== undefined && { prefix }), sweepInterval: Infinity, ...more });
}

async function keysOf(store: Store): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of store.keys()) keys.push(key);
  return keys.sort();
}

const refused = (error: unknown): boolean => isStoreError(error, "bad-config") && /"prefix"/.test(error.message);

const pairs: [first: string, second: string][] = [
  ["app", "app2"],
  ["app2", "app"],
  ["app/", "app/2/"],
  ["", "app/"],
  ["app/", ""],
  ["{app}/", "{app}/2"],
];
for (const where of ["valkey", "valkey cluster"] as const) {
  for (const [first, second] of pairs) {
    test(`stores of different prefixes never see each other: ${JSON.stringify([first, second])} on ${where}`, async () => {
      const [a, b] = [open(where, first), open(where, second)];
      // What one store calls thus, the other would call otherwise.
      const keys = ["x", "2x", "2/x", "app/x", "app2x", "{t}x", "ü"];
      await a.set("x", utf8("a"));
      assert.equal(await b.find("x"), undefined);
      await a.setMany(keys.map((key) => [key, utf8("a"), { ttl: 1_000_000 }] as const));
      const seen: string[] = [];
      const changes = b.watch();
      const reading = (async () => {
        for await (const change of changes) seen.push(showChange(change));
      })();
      assert.deepEqual(await b.findMany(keys), keys.map(() => undefined)); // prettier-ignore
      await b.setMany(keys.map((key, at) => [key, utf8("b"), at % 2 ? { ttl: 1_000_000 } : {}] as const));
      assert.equal(await b.increment("n"), 1);
      assert.deepEqual([await keysOf(a), await keysOf(b)], [[...keys].sort(), [...keys, "n"].sort()]); // prettier-ignore
      assert.deepEqual((await a.findMany(keys)).map(text), keys.map(() => "a")); // prettier-ignore
      await a.set("only a", utf8("a"));
      await b.clear();
      assert.deepEqual([await keysOf(a), await keysOf(b)], [[...keys, "only a"].sort(), []]); // prettier-ignore
      await b.set("late", utf8("b"));
      await a.clear();
      assert.equal(text(await open(where, second).find("late")), "b");
      await until(() => seen.includes("set late"));
      await changes.return!();
      await reading;
      assert.deepEqual([...new Set(seen.map((each) => each.split(" ").slice(1).join(" ")))].sort(), [...keys, "n", "late"].sort()); // prettier-ignore
    });
  }

  test(`values that lie under two prefixes already are left, and the second store is refused: ${where}`, async () => {
    const cli = async (...args: string[]): Promise<string> => (where === "valkey" ? valkeys.server : valkeys.cluster.nodes[0]!).cli("-c", ...args); // prettier-ignore
    await cli("set", "appx", "of app");
    await cli("set", "app2precious", "of app2");
    const inner = open(where, "app2");
    assert.equal(text(await inner.find("precious")), "of app2");
    const outer = open(where, "app");
    for (const call of [
      () => outer.list(),
      () => outer.clear(),
      () => outer.set("y", utf8("y")),
      () => outer.watch().next(),
    ]) {
      await assert.rejects(call, refused);
    }
    assert.equal(await cli("get", "appx"), "of app");
    assert.deepEqual(await keysOf(inner), ["precious"]);
    // When what is not the other's is gone there is nothing to mix up.
    await cli("del", "appx");
    await outer.set("2precious", utf8("of app"));
    assert.equal(text(await inner.find("precious")), "of app2");
    assert.equal(text(await open(where, "app").find("2precious")), "of app");
  });
}

test("one store on its prefix keeps its values where other clients find them, also when another one comes", async () => {
  const store = open("valkey", "app");
  await valkeys.server.cli("set", "app old", "before");
  await store.set("x", utf8("1"));
  await open("valkey", "app2").set("x", utf8("2"));
  await valkeys.server.cli("script", "flush");
  assert.equal(await valkeys.server.cli("get", "appx"), "1");
  assert.equal(text(await open("valkey", "app").find(" old")), "before");
  assert.equal(await valkeys.server.cli("exists", "app2x"), "0");
});

test("a database that was emptied, or a server that was started anew, changes nothing for a store that is open", async () => {
  const [a, b] = [open("valkey", "app"), open("valkey", "app2")];
  await a.set("x", utf8("a"));
  await b.set("x", utf8("b"));
  await valkeys.server.cli("flushall");
  await valkeys.server.kill();
  await valkeys.server.restart();
  const set = (store: Store, value: string): Promise<void> =>
    store.set("x", utf8(value)).catch(() => set(store, value));
  await set(b, "b");
  await set(a, "a");
  assert.equal(await valkeys.server.cli("get", "appx"), "a");
  assert.equal(await valkeys.server.cli("exists", "app2x"), "0");
  assert.deepEqual([text(await open("valkey", "app").find("x")), text(await open("valkey", "app2").find("x"))], ["a", "b"]); // prettier-ignore
});

test("a user who may use no names but those of the prefix has a store, and the same one as others", async () => {
  await valkeys.server.cli("acl", "setuser", "small", "on", ">word", "+@all", "~app2*", "&app2*");
  await open("valkey", "app").set("x", utf8("a"));
  const small = { username: "small", password: "word" };
  const all = open("valkey", "app2");
  await all.set("x", utf8("b"));
  assert.equal(text(await open("valkey", "app2", small).find("x")), "b");
  await valkeys.server.cli("flushall");
  const alone = open("valkey", "app2", small);
  await alone.set("x", utf8("c"));
  assert.equal(await valkeys.server.cli("get", "app2x"), "c");
  await assert.rejects(open("valkey", "app").list().then(() => open("valkey", "app2").list()), refused); // prettier-ignore
});
