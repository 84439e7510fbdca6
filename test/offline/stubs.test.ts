import assert from "node:assert/strict";
import { afterEach, test } from "vitest";
import type { StoreError } from "../../src/core/error.ts";
import { isStoreError, memory } from "../../src/index.ts";
import { unframe } from "../../src/http/wire/frame.ts";
import { offline, type OfflineOptions, type OfflineStore } from "../../src/offline.ts";
import { text, utf8 } from "../support/bytes.ts";
import { offlinePair, read, rejects, type Pair } from "../support/offlinePair.ts";
import { fullStore } from "../support/fullStore.ts";
import { until } from "../support/until.ts";

const pairs: Pair[] = [];
afterEach(() => Promise.all(pairs.splice(0).map((pair) => pair.close())));

/** Makes a server that has a large value and a small one, and a client that has synced. */
async function synced(options: OfflineOptions): Promise<{ pair: Pair; client: OfflineStore }> {
  const pair = offlinePair();
  pairs.push(pair);
  await pair.server.setMany([
    ["large", utf8("0123456789")],
    ["small", utf8("1")],
  ]);
  const client = pair.client(options);
  await client.sync();
  return { pair, client };
}

/** The keys that were asked for by their values in the bodies of batches, as they are, and forgets the bodies. */
function asked(pair: Pair): unknown[] {
  return pair.bodies.splice(0).flatMap((body) => (unframe(utf8(body))[0] as { getUnless?: unknown[] }).getUnless ?? []);
}

test("of a synced value that is too large only what it is called is kept: it is read from the remote when it is asked for", async () => {
  const { pair, client } = await synced({ maxValueBytes: 5 });
  const limits = asked(pair).map((item) => (item as unknown[])[2]);
  assert.deepEqual(new Set(limits), new Set([5]));
  assert.equal(await read(client, "large"), "0123456789");
  assert.deepEqual((await client.findMany(["small", "large", "none"])).map(text), ["1", "0123456789", undefined]);
  await pair.cut(client);
  assert.ok(await client.has("large"));
  assert.deepEqual(
    (await client.list()).entries.map(({ key }) => key),
    ["large", "small"],
  );
  assert.equal(await read(client, "small"), "1");
  for (const call of [client.get("large"), client.entry("large"), client.findMany(["small", "large"])])
    await rejects(call, "unavailable");
  assert.equal(client.status().online, false);
  pair.network = "up";
  assert.equal(await read(client, "large"), "0123456789");
});

test("what is decided on such a value has it read first, and is unavailable without the remote", async () => {
  const { pair, client } = await synced({ maxValueBytes: 1 });
  await pair.server.set("n", utf8("40"));
  await client.sync();
  const append = (old: Uint8Array | undefined): Uint8Array => utf8(`${text(old)}!`);
  await client.update("large", append);
  assert.equal(await client.increment("n", 2), 42);
  await client.transact(["large", "n"], ([large, n]) => [
    { value: append(large?.value) },
    { value: utf8(`${text(n?.value)}0`) },
  ]);
  assert.deepEqual([await read(client, "large"), await read(client, "n")], ["0123456789!!", "420"]);
  await client.flush();
  assert.deepEqual([await read(pair.server, "large"), await read(pair.server, "n")], ["0123456789!!", "420"]);
  await pair.cut(client);
  await rejects(client.update("large", append), "unavailable");
  await rejects(client.increment("n"), "unavailable");
  await rejects(
    client.transact(["large", "small"], () => [undefined, undefined]),
    "unavailable",
  );
  assert.equal(client.status().pending, 0);
  // What needs no value is done here.
  await client.touch("n", { ttl: 60_000 });
  await client.delete("large");
  assert.deepEqual([await client.has("n"), await client.has("large")], [true, false]);
  await client.set("n", utf8("7"));
  assert.equal(await client.increment("n"), 8);
  pair.network = "up";
  await client.flush();
  assert.deepEqual([await read(pair.server, "large"), await read(pair.server, "n")], [undefined, "8"]);
});

test("a deadline that was given to such a value offline is brought to the remote, which has the value still", async () => {
  const { pair, client } = await synced({ maxValueBytes: 5 });
  await pair.cut(client);
  await client.touch("large", { ttl: 60_000 });
  pair.network = "up";
  await client.flush();
  assert.equal(await read(client, "large"), "0123456789");
  const [there, here] = [await pair.server.entry("large"), await client.entry("large")];
  assert.ok(Math.abs(there!.expiresAt - here!.expiresAt) < 5000);
  assert.equal((await client.conflicts()).length, 0);
});

test("what was overwritten without having been seen is kept, also where its value was only on the remote", async () => {
  const { pair, client } = await synced({ maxValueBytes: 5 });
  await pair.cut(client);
  await client.set("large", utf8("mine"));
  await pair.server.set("large", utf8("theirs, which is large"));
  pair.network = "up";
  await client.sync();
  await client.flush();
  assert.deepEqual(
    (await client.conflicts()).map(({ kind, mine, theirs }) => [kind, text(mine), text(theirs)]),
    [["overwrote", "mine", "theirs, which is large"]],
  );
  assert.equal(await read(pair.server, "large"), "mine");
});

test("a change of such a value is reported once, and to read it reports nothing", async () => {
  const { pair, client } = await synced({ maxValueBytes: 5 });
  const seen: string[] = [];
  const changes = client.watch();
  void (async () => {
    for await (const change of changes) if ("key" in change) seen.push(`${change.type} ${change.key}`);
  })();
  await client.has("large");
  await pair.server.set("large", utf8("another that is large"));
  await client.sync();
  assert.equal(await read(client, "large"), "another that is large");
  await pair.server.set("small", utf8("2"));
  await client.sync();
  await until(() => seen.length > 1);
  assert.deepEqual(seen, ["set large", "set small"]);
  await changes.return!();
});

test("synced values are kept as far as there are so many bytes of them, and what waits is kept in any case", async () => {
  const { pair, client } = await synced({ maxBytes: 12 });
  await pair.server.set("more", utf8("0123456789"));
  await client.sync();
  await pair.cut(client);
  const mine = utf8("what I have written is larger than all that");
  await client.set("mine", mine);
  assert.deepEqual([await read(client, "large"), await read(client, "small")], ["0123456789", "1"]);
  await rejects(client.get("more"), "unavailable");
  assert.deepEqual(new Uint8Array(await client.get("mine")), mine);
  pair.network = "up";
  await client.flush();
  await pair.cut(client);
  await rejects(client.get("mine"), "unavailable");
  // What goes makes room, and what is read then is kept.
  await client.delete("large");
  pair.network = "up";
  await client.flush();
  assert.equal(await read(client, "more"), "0123456789");
  await pair.cut(client);
  assert.equal(await read(client, "more"), "0123456789");
});

test("what is kept is counted when a store opens that was used before", async () => {
  const local = memory();
  const pair = offlinePair();
  pairs.push(pair);
  await pair.server.set("a", utf8("0123456789"));
  const first = pair.client({ local, maxBytes: 12 });
  await first.sync();
  await first.close();
  await pair.server.set("b", utf8("0123456789"));
  const second = pair.client({ local, maxBytes: 12 });
  await second.sync();
  await pair.cut(second);
  assert.equal(await read(second, "a"), "0123456789");
  await rejects(second.get("b"), "unavailable");
});

test("a local store that is full gives up what was synced for what is written, and nothing that waits", async () => {
  const values = 40;
  const large = new Uint8Array(10_000);
  const local = fullStore(memory());
  const pair = offlinePair();
  pairs.push(pair);
  for (let count = 0; count < values; count++) await pair.server.set(`k${count}`, large);
  const client = pair.client({ local });
  await client.sync();
  await pair.cut(client);
  await client.set("waits", large);
  local.total = 420_000;
  await client.set("mine", large);
  assert.deepEqual([(await client.get("mine")).length, (await client.get("waits")).length], [10_000, 10_000]);
  const outcomes = await Promise.allSettled(Array.from({ length: values }, (_, count) => client.get(`k${count}`)));
  const gone = outcomes.filter((outcome) => outcome.status === "rejected");
  assert.ok(gone.length > 0 && gone.length < values, `${gone.length} are gone`);
  assert.ok(gone.every(({ reason }) => isStoreError(reason, "unavailable")));
  // What has no room in any case is refused, and nothing is lost for it.
  const status = client.status();
  await rejects(client.set("huge", new Uint8Array(1_000_000)), "quota-exceeded");
  assert.deepEqual(client.status(), status);
  assert.equal((await client.get("waits")).length, 10_000);
  pair.network = "up";
  await client.flush();
  assert.deepEqual([(await pair.server.get("mine")).length, (await client.get("k0")).length], [10_000, 10_000]);
});

test("too much that waits is refused without giving up what was synced", async () => {
  const { pair, client } = await synced({ maxPendingBytes: 20 });
  await pair.cut(client);
  await rejects(client.set("k", new Uint8Array(21)), "quota-exceeded");
  assert.equal(await read(client, "large"), "0123456789");
});

test("limits that are none are refused", () => {
  for (const options of [{ maxValueBytes: 0 }, { maxBytes: 1.5 }] as OfflineOptions[])
    assert.throws(
      () => offline(memory(), memory(), options),
      (error: StoreError) => isStoreError(error, "bad-config"),
    );
});
