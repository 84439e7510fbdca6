import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "vitest";
import { isStoreError, json, memory } from "../../src/index.ts";
import { mergeJson, type Conflict } from "../../src/offline.ts";
import { text, utf8 } from "../support/bytes.ts";
import { offlinePair, read, rejects, type Pair } from "../support/offlinePair.ts";
import { until } from "../support/until.ts";

let pair: Pair;
beforeEach(() => {
  pair = offlinePair();
});
afterEach(() => pair.close());

test("a set that meets another goes over it, and what it went over is kept and reported once", async () => {
  const seen: Conflict[] = [];
  const store = pair.client({ onConflict: (conflict) => seen.push(conflict) });
  await pair.server.set("k", utf8("base"));
  await store.sync();
  await pair.cut(store);
  await store.set("k", utf8("mine"));
  await pair.server.set("k", utf8("theirs"));
  pair.network = "up";
  await store.flush();
  assert.equal(await read(pair.server, "k"), "mine");
  const conflicts = await store.conflicts();
  assert.deepEqual(
    conflicts.map(({ key, kind, mine, theirs }) => [key, kind, text(mine), text(theirs)]),
    [["k", "overwrote", "mine", "theirs"]],
  );
  assert.equal(seen.length, 1);
  await until(() => store.status().conflicts === 1);
  await store.dismiss([conflicts[0]!.id]);
  assert.deepEqual(await store.conflicts(), []);
  await until(() => store.status().conflicts === 0);
});

test("an update that meets another is done again on the newer value", async () => {
  const store = pair.client();
  await pair.server.set("k", utf8("a"));
  await store.sync();
  await pair.cut(store);
  await store.update("k", (old) => utf8(`${text(old)}+mine`));
  await store.update("k", (old) => utf8(`${text(old)}+more`));
  await pair.server.set("k", utf8("b"));
  pair.network = "up";
  await store.flush();
  assert.equal(await read(pair.server, "k"), "b+mine+more");
  assert.equal(await read(store, "k"), "b+mine+more");
  assert.deepEqual(await store.conflicts(), []);
});

test("what is added after an update is added again with it", async () => {
  const store = pair.client();
  await pair.server.set("n", utf8("1"));
  await store.sync();
  await pair.cut(store);
  await store.update("n", (old) => utf8(`${Number(text(old)) * 2}`));
  await store.increment("n", 5);
  await store.touch("n", { ttl: 100_000 });
  await pair.server.set("n", utf8("10"));
  pair.network = "up";
  await store.flush();
  for (const side of [store, pair.server]) {
    const { value, expiresAt } = (await side.entry("n"))!;
    assert.deepEqual([text(value), expiresAt < Infinity], ["25", true]);
  }
  assert.deepEqual(await store.conflicts(), []);
});

test("an update of another context gives way to a newer value, and is kept", async () => {
  const local = memory();
  const first = pair.client({ local });
  await pair.server.set("k", utf8("a"));
  await first.sync();
  await pair.cut(first);
  await first.update("k", () => utf8("mine"));
  await first.close();
  await pair.server.set("k", utf8("theirs"));
  pair.network = "up";
  const second = pair.client({ local });
  await second.flush();
  assert.equal(await read(pair.server, "k"), "theirs");
  assert.equal(await read(second, "k"), "theirs");
  const [conflict] = await second.conflicts();
  assert.deepEqual([conflict!.kind, text(conflict!.mine), text(conflict!.theirs)], ["lost", "mine", "theirs"]);
});

test("a merge makes one value of two, from what both began with", async () => {
  const bases: unknown[] = [];
  const store = pair.client({
    merge: mergeJson<Record<string, number>>((base, mine, theirs) => {
      bases.push(base);
      return { ...theirs, ...mine };
    }),
  });
  const view = json<Record<string, number>>(store);
  const there = json<Record<string, number>>(pair.server);
  await there.set("k", { a: 0 });
  await store.sync();
  await pair.cut(store);
  await view.set("k", { a: 0, mine: 1 });
  await there.set("k", { a: 0, theirs: 2 });
  pair.network = "up";
  await store.flush();
  assert.deepEqual(await there.get("k"), { a: 0, theirs: 2, mine: 1 });
  assert.deepEqual(await view.get("k"), { a: 0, theirs: 2, mine: 1 });
  assert.deepEqual(bases, [{ a: 0 }]);
  assert.deepEqual(await store.conflicts(), []);
});

test("a merge that throws leaves theirs, and keeps mine", async () => {
  const store = pair.client({
    merge: () => {
      throw new Error("theirs");
    },
  });
  await pair.server.set("k", utf8("a"));
  await store.sync();
  await pair.cut(store);
  await store.set("k", utf8("mine"));
  await pair.server.set("k", utf8("theirs"));
  pair.network = "up";
  await store.flush();
  assert.equal(await read(store, "k"), "theirs");
  const [conflict] = await store.conflicts();
  assert.deepEqual([conflict!.kind, text(conflict!.mine), text(conflict!.base)], ["lost", "mine", "a"]);
});

test("increments add up with those of others, and many are one operation", async () => {
  const [one, two] = [pair.client(), pair.client()];
  await Promise.all([one.sync(), two.sync()]);
  await pair.cut(one, two);
  for (let count = 0; count < 200; count++) await one.increment("n");
  await Promise.all(Array.from({ length: 100 }, () => two.increment("n", 2)));
  assert.equal(await read(one, "n"), "200");
  pair.network = "up";
  await one.flush();
  await two.flush();
  await one.sync();
  assert.equal(await read(pair.server, "n"), "400");
  assert.equal(await read(one, "n"), "400");
  const adds = pair.bodies.join("").match(/\["add"/g) ?? [];
  assert.ok(adds.length <= 4, `${adds.length} operations`);
});

test("a set that expires while it waits brings no older value back", async () => {
  let time = Date.now();
  await pair.close();
  pair = offlinePair({ now: () => time });
  const store = pair.client();
  await pair.server.set("k", utf8("older"));
  await store.sync();
  await pair.cut(store);
  await store.set("k", utf8("short"), { ttl: 1000 });
  time += 1000;
  assert.equal(await read(store, "k"), undefined);
  pair.network = "up";
  await store.flush();
  assert.equal(await read(store, "k"), undefined);
  assert.equal(await read(pair.server, "k"), undefined);
  assert.deepEqual(await store.conflicts(), []);
});

test("what the remote refuses leaves the queue, is kept, rejects the flush that waits, and holds up no other key", async () => {
  await pair.close();
  pair = offlinePair({ authorize: () => ({ can: ["read", "write", "list", "watch"] }), maxBytes: 20_000 });
  const store = pair.client();
  await pair.server.set("big", utf8("before"));
  await store.sync();
  await pair.cut(store);
  await store.set("big", new Uint8Array(30_000));
  await store.set("small", utf8("1"));
  pair.network = "up";
  await assert.rejects(store.flush(), (error) => isStoreError(error));
  await store.flush();
  assert.equal(await read(pair.server, "small"), "1");
  assert.equal(await read(store, "big"), "before");
  const [conflict] = await store.conflicts();
  assert.deepEqual([conflict!.kind, conflict!.key, conflict!.mine!.length], ["refused", "big", 30_000]);
  assert.ok(isStoreError(conflict!.error));
});

test("an increment whose answer is lost is applied once, also across a restart of the client", async () => {
  const local = memory();
  const store = pair.client({ local });
  await store.sync();
  await store.increment("n", 1);
  await store.flush();
  pair.network = "down";
  await store.increment("n", 7);
  let lost = 0;
  pair.network = async (request) => {
    const response = await pair.answer(request);
    if (request.url.endsWith("/batch") && request.headers.has("shelflife-replica")) {
      lost++;
      throw new TypeError("Answer is lost");
    }
    return response;
  };
  await rejects(store.sync(), "unavailable");
  assert.ok(lost > 0);
  await store.close();
  pair.network = "up";
  const again = pair.client({ local });
  await again.flush();
  await again.sync();
  assert.equal(await read(pair.server, "n"), "8");
  assert.equal(await read(again, "n"), "8");
});

test("discard drops what waits, and what is on the remote is visible then", async () => {
  const store = pair.client();
  await pair.server.set("k", utf8("theirs"));
  await store.sync();
  await pair.cut(store);
  await store.set("k", utf8("mine"));
  await store.set("l", utf8("mine"));
  assert.equal(await store.discard(["k"]), 1);
  assert.equal(await read(store, "k"), "theirs");
  assert.equal(await store.discard(), 1);
  assert.equal(await store.has("l"), false);
  await until(() => store.status().pending === 0);
});
