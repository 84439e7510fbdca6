import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "vitest";
import { isStoreError, json, memory, prefix, remote, type Store } from "../../src/index.ts";
import { mergeJson, offline, type Conflict, type OfflineStore } from "../../src/offline.ts";
import { text, utf8 } from "../support/bytes.ts";
import { offlinePair, type Pair } from "../support/offlinePair.ts";
import { until } from "../support/until.ts";

/** Takes the network away, and has a client find that out: what is written from then on is not on its way. */
async function cut(...clients: readonly OfflineStore[]): Promise<void> {
  pair.network = "down";
  for (const client of clients) await rejects(client.sync(), "unavailable");
}

let pair: Pair;
beforeEach(() => {
  pair = offlinePair();
});
afterEach(() => pair.close());

const read = async (store: Store, key: string): Promise<string | undefined> => {
  const value = await store.find(key);
  return value && text(value);
};

async function rejects(work: Promise<unknown>, code: string): Promise<void> {
  await assert.rejects(work, (error) => isStoreError(error) && error.code === code);
}

test("what is written without the network is here at once, and on the remote when it is back", async () => {
  const store = pair.client();
  await store.sync();
  await cut(store);
  await store.set("a", utf8("1"));
  await store.increment("n", 5);
  assert.equal(await read(store, "a"), "1");
  assert.equal(await read(store, "n"), "5");
  assert.equal(await pair.server.has("a"), false);
  assert.deepEqual(
    { ...store.status(), lastSynced: 0 },
    {
      online: store.status().online,
      pending: 2,
      conflicts: 0,
      lastSynced: 0,
      complete: true,
      blocked: undefined,
    },
  );
  pair.network = "up";
  await store.flush();
  assert.equal(await read(pair.server, "a"), "1");
  assert.equal(await read(pair.server, "n"), "5");
  await until(() => store.status().pending === 0 && store.status().online);
});

test("before the first sync a miss is looked for on the remote, and without the network it is unavailable", async () => {
  await pair.server.set("there", utf8("1"));
  pair.network = "down";
  const store = pair.client();
  await rejects(store.find("there"), "unavailable");
  await rejects(
    store.update("there", () => utf8("2")),
    "unavailable",
  );
  await rejects(store.delete("there"), "unavailable");
  for (const work of [() => store.list(), () => store.clear(), () => store.increment("there")])
    await rejects(work(), "unavailable");
  await store.set("mine", utf8("1"));
  assert.equal(await read(store, "mine"), "1");
  pair.network = "up";
  assert.equal(await read(store, "there"), "1");
});

test("reads never wait for the network once the first sync is over", async () => {
  await pair.server.set("there", utf8("1"));
  const store = pair.client();
  await store.sync();
  pair.network = () => new Promise<never>(() => {});
  assert.equal(await read(store, "there"), "1");
  assert.equal(await read(store, "absent"), undefined);
  assert.deepEqual(
    (await store.list()).entries.map(({ key }) => key),
    ["there"],
  );
  await store.delete("there");
  assert.equal(await store.has("there"), false);
  pair.network = "down";
});

test("a set that meets another goes over it, and what it went over is kept and reported once", async () => {
  const seen: Conflict[] = [];
  const store = pair.client({ onConflict: (conflict) => seen.push(conflict) });
  await pair.server.set("k", utf8("base"));
  await store.sync();
  await cut(store);
  await store.set("k", utf8("mine"));
  await pair.server.set("k", utf8("theirs"));
  pair.network = "up";
  await store.flush();
  assert.equal(await read(pair.server, "k"), "mine");
  const conflicts = await store.conflicts();
  assert.deepEqual(
    conflicts.map(({ key, kind, mine, theirs }) => [key, kind, text(mine!), text(theirs!)]),
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
  await cut(store);
  await store.update("k", (old) => utf8(`${text(old!)}+mine`));
  await store.update("k", (old) => utf8(`${text(old!)}+more`));
  await pair.server.set("k", utf8("b"));
  pair.network = "up";
  await store.flush();
  assert.equal(await read(pair.server, "k"), "b+mine+more");
  assert.equal(await read(store, "k"), "b+mine+more");
  assert.deepEqual(await store.conflicts(), []);
});

test("an update of another context gives way to a newer value, and is kept", async () => {
  const local = memory();
  const first = pair.client({ local });
  await pair.server.set("k", utf8("a"));
  await first.sync();
  await cut(first);
  await first.update("k", () => utf8("mine"));
  await first.close();
  await pair.server.set("k", utf8("theirs"));
  pair.network = "up";
  const second = pair.client({ local });
  await second.flush();
  assert.equal(await read(pair.server, "k"), "theirs");
  assert.equal(await read(second, "k"), "theirs");
  const [conflict] = await second.conflicts();
  assert.deepEqual([conflict!.kind, text(conflict!.mine!), text(conflict!.theirs!)], ["lost", "mine", "theirs"]);
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
  await cut(store);
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
  await cut(store);
  await store.set("k", utf8("mine"));
  await pair.server.set("k", utf8("theirs"));
  pair.network = "up";
  await store.flush();
  assert.equal(await read(store, "k"), "theirs");
  const [conflict] = await store.conflicts();
  assert.deepEqual([conflict!.kind, text(conflict!.mine!), text(conflict!.base!)], ["lost", "mine", "a"]);
});

test("increments add up, whoever else counts, and many are one operation", async () => {
  const [one, two] = [pair.client(), pair.client()];
  await Promise.all([one.sync(), two.sync()]);
  await cut(one, two);
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
  await cut(store);
  await store.set("k", utf8("short"), { ttl: 1000 });
  time += 1000;
  assert.equal(await read(store, "k"), undefined);
  pair.network = "up";
  await store.flush();
  assert.equal(await read(store, "k"), undefined);
  assert.equal(await read(pair.server, "k"), undefined);
  assert.deepEqual(await store.conflicts(), []);
});

test("what the remote refuses leaves the queue, is kept, rejects the flush that waits, and holds nobody up", async () => {
  await pair.close();
  pair = offlinePair({ authorize: () => ({ can: ["read", "write", "list", "watch"] }), maxBytes: 20_000 });
  const store = pair.client();
  await pair.server.set("big", utf8("before"));
  await store.sync();
  await cut(store);
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

test("a 401 keeps everything waiting, says so, and another token lets it go", async () => {
  let token = "old";
  await pair.close();
  pair = offlinePair({ authorize: ({ headers }) => headers.get("authorization") === "Bearer new" });
  const store = pair.client({ remote: { token: () => token } });
  await store.set("k", utf8("1"));
  await rejects(store.sync(), "unauthorized");
  assert.equal(store.status().blocked, "unauthorized");
  assert.equal(store.status().pending, 1);
  token = "new";
  await store.flush();
  assert.equal(await read(pair.server, "k"), "1");
  assert.equal(store.status().blocked, undefined);
});

test("a stranger's page is no answer", async () => {
  const store = pair.client();
  await store.sync();
  pair.network = async () =>
    new Response("<h1>Sign in to this network</h1>", { headers: { "content-type": "text/html" } });
  await store.set("k", utf8("1"));
  await rejects(store.sync(), "unavailable");
  assert.equal(store.status().pending, 1);
  pair.network = "up";
  await store.flush();
  assert.equal(await read(pair.server, "k"), "1");
});

test("what only the remote can decide is unavailable without it, unless the caller asked otherwise", async () => {
  const [strict, loose] = [pair.client(), pair.client({ atomics: "local" })];
  await Promise.all([strict.sync(), loose.sync()]);
  await cut(strict, loose);
  await rejects(strict.setIfAbsent("lock", utf8("1")), "unavailable");
  await rejects(strict.compareAndSet("lock", undefined, utf8("1")), "unavailable");
  await rejects(strict.take("lock"), "unavailable");
  assert.equal(await loose.setIfAbsent("lock", utf8("1")), true);
  assert.equal(await loose.setIfAbsent("lock", utf8("2")), false);
  pair.network = "up";
  await loose.flush();
  assert.equal(await strict.setIfAbsent("lock", utf8("3")), false);
  assert.equal(await read(strict, "lock"), "1");
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
  await cut(store);
  await store.set("k", utf8("mine"));
  await store.set("l", utf8("mine"));
  assert.equal(await store.discard(["k"]), 1);
  assert.equal(await read(store, "k"), "theirs");
  assert.equal(await store.discard(), 1);
  assert.equal(await store.has("l"), false);
  await until(() => store.status().pending === 0);
});

test("more than may wait is refused at the call, and nothing is dropped", async () => {
  const store = pair.client({ maxPendingKeys: 3 });
  await store.sync();
  await cut(store);
  for (const key of ["a", "b", "c"]) await store.set(key, utf8("1"));
  await until(() => store.status().pending === 3);
  await rejects(store.set("d", utf8("1")), "quota-exceeded");
  await store.set("a", utf8("2"));
  pair.network = "up";
  await store.flush();
  assert.equal(await read(pair.server, "a"), "2");
});

test("changes of others arrive, are watched once, and go", async () => {
  const [one, two] = [pair.client(), pair.client()];
  await Promise.all([one.sync(), two.sync()]);
  const changes = two.watch();
  await one.set("k", utf8("1"));
  assert.deepEqual((await changes.next()).value, { type: "set", key: "k" });
  assert.equal(await read(two, "k"), "1");
  await one.delete("k");
  assert.deepEqual((await changes.next()).value, { type: "delete", key: "k" });
  assert.equal(await read(two, "k"), undefined);
});

test("a prefix of a remote is a part of it, and nothing else comes or goes", async () => {
  await pair.server.setMany([
    ["a/1", utf8("1")],
    ["b/1", utf8("2")],
  ]);
  const far = remote({ url: "http://pair.test/store", fetch: (url, init) => pair.answer(new Request(url, init)) });
  const store = offline(memory(), prefix(far, "a/"));
  await store.sync();
  assert.deepEqual(
    (await store.list()).entries.map(({ key }) => key),
    ["1"],
  );
  await store.set("2", utf8("3"));
  await store.flush();
  assert.equal(await read(pair.server, "a/2"), "3");
  await store.close();
});

test("a local store that changes one key at a time only is refused before anything is written", async () => {
  const backend = memory();
  const { transact: _, ...rest } = backend;
  const unable = {
    ...rest,
    transact: () => Promise.reject(Object.assign(new Error("No"), { name: "StoreError", code: "unsupported" })),
  } as Store;
  const store = offline(unable, memory());
  await rejects(store.set("k", utf8("1")), "unsupported");
  await store.close();
});

test("what is wrong is refused as one bad-config", () => {
  const wrong = { merge: 1, onConflict: "x", atomics: "both", maxPendingKeys: 0, unknown: 1 } as never;
  assert.throws(
    () => offline(memory(), memory(), wrong),
    (error) =>
      isStoreError(error, "bad-config") && /merge.*onConflict.*atomics.*maxPendingKeys.*unknown/s.test(error.message),
  );
  assert.throws(
    () => offline(undefined as never, memory()),
    (error) => isStoreError(error, "invalid-argument"),
  );
});
