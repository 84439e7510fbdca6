import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "vitest";
import { isStoreError, memory, prefix, remote, type Store } from "../../src/index.ts";
import { offline } from "../../src/offline.ts";
import { utf8 } from "../support/bytes.ts";
import { offlinePair, read, rejects, type Pair } from "../support/offlinePair.ts";
import { until } from "../support/until.ts";

let pair: Pair;
beforeEach(() => {
  pair = offlinePair();
});
afterEach(() => pair.close());

test("what is written without the network is here at once, and on the remote when it is back", async () => {
  const store = pair.client();
  await store.sync();
  await pair.cut(store);
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
  await pair.cut(strict, loose);
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
  const wrong = {
    merge: 1,
    onConflict: "x",
    atomics: "both",
    maxPendingKeys: 0,
    maxPendingBytes: -1,
    unknown: 1,
  } as never;
  assert.throws(
    () => offline(memory(), memory(), wrong),
    (error) =>
      isStoreError(error, "bad-config") &&
      /merge.*onConflict.*atomics.*maxPendingKeys.*maxPendingBytes.*unknown/s.test(error.message),
  );
  assert.throws(
    () => offline(undefined as never, memory()),
    (error) => isStoreError(error, "invalid-argument"),
  );
});

test("where something is written all the time, a sync and a flush end, and what changes there comes here", async () => {
  const store = pair.client();
  await store.sync();
  // As much as that is for ever.
  const most = 2000;
  let count = 0;
  pair.network = async (request) => {
    if (request.url.endsWith("/batch") && count++ < most) await store.increment("n");
    // As on a network, others get their turn.
    await new Promise((resolve) => setImmediate(resolve));
    return pair.answer(request);
  };
  await store.set("mine", utf8("1"));
  await store.sync();
  assert.equal(await read(pair.server, "mine"), "1");
  const synced = count;
  await store.flush();
  const flushed = count;
  await pair.server.set("theirs", utf8("2"));
  await until(async () => count > most || (await read(store, "theirs")) === "2");
  assert.ok(count < most, `${synced}, ${flushed} and ${count} batches`);
  pair.network = "up";
  await store.flush();
  assert.equal(await read(pair.server, "n"), String(count));
});

test("another account's token brings nothing there and nothing here", async () => {
  let token = "ada";
  await pair.close();
  pair = offlinePair({ authorize: ({ headers }) => ({ prefix: `${headers.get("authorization")!.slice(7)}/` }) });
  const store = pair.client({ remote: { token: () => token } });
  await store.set("mine", utf8("1"));
  await store.flush();
  await pair.cut(store);
  await store.set("more", utf8("2"));
  await pair.server.set("bob/secret", utf8("1"));
  token = "bob";
  pair.network = "up";
  await rejects(store.sync(), "unauthorized");
  assert.equal(store.status().blocked, "other-account");
  assert.equal(await store.has("secret"), false);
  assert.equal(await read(store, "mine"), "1");
  assert.deepEqual(
    (await pair.server.list()).entries.map(({ key }) => key),
    ["ada/mine", "bob/secret"],
  );
  token = "ada";
  await store.flush();
  assert.equal(await read(pair.server, "ada/more"), "2");
  assert.equal(store.status().blocked, undefined);
});
