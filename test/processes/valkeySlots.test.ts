// A slot of a cluster that moves from one node to another, a key at a time.
import assert from "node:assert/strict";
import { afterAll, beforeAll, test } from "vitest";
import { valkey } from "../../src/backends/valkey.ts";
import { slotOf } from "../../src/backends/valkey/slots.ts";
import type { Store } from "../../src/core/contract.ts";
import { text, utf8 } from "../support/bytes.ts";
import { until } from "../support/until.ts";
import type { ValkeyServer } from "../support/valkey.ts";
import { startCluster, type ValkeyCluster } from "../support/valkeyCluster.ts";

let cluster: ValkeyCluster;
let store: Store;
beforeAll(async () => {
  cluster = await startCluster();
  store = valkey({ url: cluster.urls, cluster: true, prefix: "app/", sweepInterval: Infinity });
});
afterAll(async () => {
  await store.close();
  await cluster.stop();
});

/** A slot that is half migrated. */
interface Migration {
  /** Moves a key to the node that the slot moves to. */
  move(key: string): Promise<void>;
  /** Resolves when that many more requests have been put off. */
  putOff(count: number): Promise<void>;
  /** Moves all that is left, and the slot. */
  finish(): Promise<void>;
}

async function migrate(tag: string): Promise<Migration> {
  const slot = slotOf(tag);
  const nodes = cluster.nodes.slice(0, 3);
  const counts = await Promise.all(nodes.map((node) => node.cli("cluster", "nodes")));
  const owner = counts.findIndex((lines) => {
    const [, from, to] = /myself,master.* connected (\d+)-(\d+)/.exec(lines)!;
    return Number(from) <= slot && slot <= Number(to);
  });
  const [source, target] = [nodes[owner]!, nodes[(owner + 1) % 3]!];
  const [sourceId, targetId] = await Promise.all([source, target].map((node) => node.cli("cluster", "myid")));
  await target.cli("cluster", "setslot", String(slot), "importing", sourceId!);
  await source.cli("cluster", "setslot", String(slot), "migrating", targetId!);
  const move = (...keys: string[]): Promise<unknown> => source.cli("migrate", "127.0.0.1", String(target.port), "", "0", "5000", "keys", ...keys); // prettier-ignore
  const refused = async (node: ValkeyServer): Promise<number> =>
    Number(/errorstat_TRYAGAIN:count=(\d+)/.exec(await node.cli("info", "errorstats"))?.[1] ?? 0);
  const refusals = async (): Promise<number> => (await refused(source)) + (await refused(target));
  const before = await refusals();
  return {
    move: async (key) => void (await move(`app/${key}`)),
    putOff: (count) => until(async () => (await refusals()) >= before + count),
    async finish() {
      // The name of the index is no text that redis-cli could be given.
      const keys = (await source.cli("cluster", "getkeysinslot", String(slot), "100")).split("\n");
      for (const key of keys.filter((each) => !each.includes("deadlines"))) await move(key);
      await source.cli("eval", "redis.call('DEL', unpack(redis.call('KEYS', '*deadlines')))", "0");
      for (const node of [target, source, ...nodes])
        await node.cli("cluster", "setslot", String(slot), "node", targetId!);
    },
  };
}

test("while a slot is half migrated what is there is found, what is not is absent, and neither waits", async () => {
  await store.setMany([
    ["{a}stays", utf8("1"), { ttl: 1_000_000 }],
    ["{a}moves", utf8("2"), { ttl: 1_000_000 }],
  ]);
  const before = (await store.entry("{a}moves"))!.expiresAt;
  const { move } = await migrate("a");
  await move("{a}moves");
  assert.equal(await store.find("{a}absent"), undefined);
  assert.equal(await store.has("{a}absent"), false);
  assert.equal(text(await store.find("{a}stays")), "1");
  assert.equal(text(await store.find("{a}moves")), "2");
  // What moves takes a while along: it has so much left when it arrives.
  const { expiresAt } = (await store.entry("{a}moves"))!;
  assert.ok(expiresAt >= before && expiresAt < before + 500_000, `${expiresAt} ${before}`);
  assert.deepEqual((await store.findMany(["{a}moves", "{a}absent", "{a}stays"])).map(text), ["2", undefined, "1"]); // prettier-ignore
  assert.deepEqual((await store.list()).entries.map(({ key }) => key), ["{a}moves", "{a}stays"]); // prettier-ignore
});

test("a write that a half-migrated slot puts off is done when the slot has moved", async () => {
  await store.set("{b}stays", utf8("1"), { ttl: 1_000_000 });
  const { finish, putOff } = await migrate("b");
  const written = store.set("{b}new", utf8("2"));
  await putOff(1);
  await finish();
  await written;
  assert.equal(text(await store.find("{b}new")), "2");
});
