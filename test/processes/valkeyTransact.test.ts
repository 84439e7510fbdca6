// Which keys of many servers change in one step, and which do not.
import assert from "node:assert/strict";
import { afterAll, beforeAll, test, type TestContext } from "vitest";
import { valkey, type ValkeyOptions } from "../../src/backends/valkey.ts";
import { slotOf } from "../../src/backends/valkey/slots.ts";
import type { Store } from "../../src/core/contract.ts";
import { isStoreError } from "../../src/core/error.ts";
import { handler } from "../../src/http/handler.ts";
import { remote } from "../../src/http/remote.ts";
import { json } from "../../src/views/json.ts";
import { prefix } from "../../src/views/prefix.ts";
import { text, utf8 } from "../support/bytes.ts";
import { until } from "../support/until.ts";
import { startCluster, type ValkeyCluster } from "../support/valkeyCluster.ts";
import { startSentinel } from "../support/valkeySentinel.ts";

let cluster: ValkeyCluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());

function open(t: TestContext, options: ValkeyOptions = {}): Store {
  const store = valkey({ ...(!options.sentinel && { url: cluster.urls, cluster: true }), ...options });
  t.onTestFinished(() => store.close());
  return store;
}

/** Moves amounts between two keys from several stores at once, while the others read. */
async function transfer(keys: readonly string[], stores: readonly Store[]): Promise<void> {
  const [first] = stores;
  await first!.setMany([[keys[0]!, utf8("100")], [keys[1]!, utf8("0")]]); // prettier-ignore
  const sums = new Set<number>();
  const step = (store: Store, by: number): Promise<unknown> =>
    store.transact(keys, (entries) => {
      const [a, b] = entries.map((entry) => Number(text(entry?.value)));
      sums.add(a! + b!);
      return by ? [{ value: utf8(String(a! - by)) }, { value: utf8(String(b! + by)) }] : entries;
    });
  await Promise.all(Array.from({ length: 40 }, (_, index) => step(stores[index % stores.length]!, index % 4)));
  const [a, b] = (await first!.findMany(keys)).map(text);
  assert.deepEqual([[...sums], a, b], [[100], "40", "60"]);
}

test("on a cluster keys with one tag change in one step", async (t) => {
  await transfer(["{sum}a", "b of {sum}"], [open(t, { prefix: "tags/" }), open(t, { prefix: "tags/" })]);
});

test("on a cluster all keys under a prefix with a tag change in one step, through views too", async (t) => {
  const stores = [open(t, { prefix: "{shop}/" }), open(t, { prefix: "{shop}/" })];
  await transfer(["a", "b"], stores);
  const view = prefix(open(t, { prefix: "views/" }), "{shop}/");
  await transfer(["a", "b"], [view, prefix(view, "")]);
  const deep = json<number>(prefix(view, "deep/"));
  await deep.transact(["x", "y"], () => [{ value: 1 }, { value: 2 }]);
  assert.deepEqual((await view.findMany(["deep/x", "deep/y"])).map(text), ["1", "2"]);
});

test("on a cluster keys of two slots are unsupported, and nothing is written or asked of the caller", async (t) => {
  const store = open(t, { prefix: "app/" });
  // On one server and on two: what decides is the slot.
  const keys = Array.from({ length: 30 }, (_, index) => `key ${index}`);
  assert.ok(new Set(keys.map((key) => slotOf(`app/${key}`))).size > 10);
  await store.set(keys[0]!, utf8("old"));
  const answer = handler(store);
  const far = remote({ url: "http://store.test", fetch: (url, init) => answer(new Request(url, init)) });
  const never = (): never => {
    throw new Error("It was called");
  };
  for (const each of [store, far, prefix(store, ""), json(store)] as Store<any>[]) {
    for (const wanted of [keys.slice(0, 2), keys]) {
      const refused = (error: unknown): boolean =>
        isStoreError(error, "unsupported") && /one slot|\{tag\}/.test(error.message);
      await assert.rejects(each.transact(wanted, never), refused);
    }
  }
  await far.close();
  assert.deepEqual((await store.findMany(keys)).map(text), ["old", ...Array(29).fill(undefined)]);
  // One key has one slot.
  await store.transact([keys[1]!], () => [{ value: utf8("new") }]);
  assert.equal(text(await store.get(keys[1]!)), "new");
});

test("by sentinels keys change in one step, also after another server has taken over", async (t) => {
  const servers = await startSentinel();
  t.onTestFinished(() => servers.stop());
  const sentinel = { masterName: servers.masterName, addr: servers.urls };
  const stores = [open(t, { sentinel }), open(t, { sentinel })];
  await transfer(["a", "b"], stores);
  const dead = await servers.master();
  // What the replica does not have yet, it would not have afterwards.
  await dead.cli("wait", "1", "0");
  await dead.kill();
  await servers.replace(dead);
  await until(() => stores[0]!.has("a").then(() => true, () => false)); // prettier-ignore
  await transfer(["a", "b"], stores);
});
