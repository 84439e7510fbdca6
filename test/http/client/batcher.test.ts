import assert from "node:assert/strict";
import { test } from "vitest";
import { memory } from "../../../src/backends/memory.ts";
import { isStoreError } from "../../../src/core/error.ts";
import { bytes, mount, pair, text } from "../../support/pair.ts";
import { until } from "../../support/until.ts";

const outcomes = (calls: readonly Promise<unknown>[]): Promise<unknown[]> =>
  Promise.all(
    calls.map((call) =>
      call.then(
        (value) => (value instanceof Uint8Array ? text(value) : value),
        (error: unknown) => (isStoreError(error) ? [error.code, error.key] : error),
      ),
    ),
  );

test("calls of one moment travel together, in their order, each with its own outcome", async () => {
  const { far, sent, clock, store } = pair();
  await store.setMany([
    ["old", bytes("1")],
    ["word", bytes("w")],
    ["mortal", bytes("m"), { ttl: 50 }],
  ]);
  const results = await outcomes([
    far.set("a", bytes("1"), { ttl: 100 }),
    far.increment("a", 2),
    far.find("a"),
    far.has("a"),
    far.touch("a", { ttl: 200 }),
    far.get("none"),
    far.find("none"),
    far.has("none"),
    far.touch("none", { ttl: 5 }),
    far.delete("none"),
    far.increment("word"),
    far.increment("new", 5, { ttl: 100 }),
    far.take("old"),
    far.take("old"),
    far.set("gone", bytes("x")),
    far.delete("gone"),
    far.find("gone"),
    far.entry("mortal"),
    far.set("empty", bytes("")),
    far.get("empty"),
  ]);
  const { now } = clock;
  assert.deepEqual(results, [
    undefined,
    3,
    "3",
    true,
    true,
    ["not-found", "none"],
    undefined,
    false,
    false,
    ["not-found", "none"],
    ["cant-decode", "word"],
    5,
    "1",
    undefined,
    undefined,
    undefined,
    undefined,
    { value: bytes("m"), expiresAt: now() + 50 },
    undefined,
    "",
  ]);
  assert.deepEqual(sent, ["POST batch"]);
  assert.equal((await store.entry("a"))?.expiresAt, now() + 200);
  assert.equal((await store.entry("new"))?.expiresAt, now() + 100);
  assert.equal((await store.entry("empty"))?.expiresAt, Infinity);
});

test("a call by itself is a request by itself", async () => {
  const { far, sent } = pair();
  assert.equal(await far.set("a", bytes("1")), undefined);
  await far.get("a");
  await far.has("a");
  await far.increment("a");
  await far.touch("a", { ttl: 5 });
  await far.take("a");
  await far.delete("a").catch(() => {});
  assert.deepEqual(sent, Array(7).fill("POST batch"));
});

test("callers that each wait for their own calls travel together from one to the next", async () => {
  const { far, sent } = pair();
  await Promise.all(
    Array.from({ length: 64 }, async (_, caller) => {
      for (let count = 0; count < 10; count++) {
        await far.set(`${caller}`, bytes(`${count}`));
        assert.equal(text(await far.get(`${caller}`)), `${count}`);
      }
    }),
  );
  assert.deepEqual(sent, Array(20).fill("POST batch"));
});

test("many calls are several batches, and a large value goes by itself", async () => {
  const { far, sent, store } = pair();
  const large = new Uint8Array(262_145).fill(7);
  await Promise.all([
    far.set("large", large),
    ...Array.from({ length: 1500 }, (_, index) => far.set(`${index}`, bytes("x"))),
  ]);
  assert.deepEqual(sent, Array(3).fill("POST batch"));
  assert.deepEqual(await store.get("large"), large);
  assert.equal((await store.list({ limit: 2000 })).entries.length, 1501);
});

test("answers that are too large together are asked for alone", async () => {
  const { far, sent, store } = pair({ handler: { maxBytes: 1000 } });
  const keys = Array.from({ length: 150 }, (_, index) => `${index}`);
  for (const key of keys) await store.set(key, bytes(key.repeat(100)));
  const values = await Promise.all(keys.map((key) => far.get(key)));
  assert.deepEqual(
    values.map(text),
    keys.map((key) => key.repeat(100)),
  );
  assert.equal(sent[0], "POST batch");
  assert.ok(sent.length > 100);
  // What is taken has to be answered.
  assert.deepEqual(
    (await Promise.all(keys.map((key) => far.take(key)))).map(text),
    keys.map((key) => key.repeat(100)),
  );
  assert.deepEqual((await store.list()).entries, []);
});

test("a handler that takes fewer items or bytes gets the calls one by one", async () => {
  for (const limits of [{ maxItems: 2 }, { maxBytes: 200 }]) {
    const { far, sent, store } = pair({ handler: limits });
    await Promise.all(["a", "b", "c"].map((key) => far.set(key, bytes(key.repeat(100)))));
    assert.deepEqual(sent, Array(4).fill("POST batch"));
    assert.equal((await store.list()).entries.length, 3);
  }
});

test("a call that is aborted leaves the others alone; when all are, so is the request", async () => {
  const signals: AbortSignal[] = [];
  let release = (): void => {};
  const { far, store } = pair({
    between: async (request, send) => {
      signals.push(request.signal);
      await new Promise<void>((resolve, reject) => {
        release = resolve;
        request.signal.addEventListener("abort", () => reject(request.signal.reason as Error));
      });
      return send(request);
    },
  });
  const reason = new Error("enough");
  const controllers = [new AbortController(), new AbortController(), new AbortController()];
  const calls = controllers.map(({ signal }, index) => far.set(`${index}`, bytes("x"), { signal }));
  const settled = Promise.allSettled(calls);
  controllers[0]!.abort(reason);
  await until(() => signals.length === 1);
  controllers[1]!.abort(reason);
  assert.equal(signals[0]!.aborted, false);
  release();
  assert.deepEqual(
    (await settled).map(({ status }) => status),
    ["rejected", "rejected", "fulfilled"],
  );
  assert.equal(await store.find("0"), undefined, "what was aborted before it was sent is not sent");
  assert.equal(text(await store.find("2")), "x");

  const both = controllers.map(() => new AbortController());
  const aborted = Promise.allSettled(both.map(({ signal }, index) => far.take(`${index}`, { signal })));
  await until(() => signals.length === 2);
  for (const controller of both) controller.abort(reason);
  await aborted;
  await until(() => signals[1]!.aborted);
});

test("rights count for each call of a batch", async () => {
  const { far, store } = pair({ handler: { authorize: () => ({ can: ["read"] }) } });
  await store.set("a", bytes("1"));
  const results = await outcomes([far.get("a"), far.set("b", bytes("x")), far.increment("a"), far.take("a")]);
  const refused = ["unauthorized", undefined];
  assert.deepEqual(results, ["1", refused, refused, refused]);
  assert.deepEqual(
    (await store.list()).entries.map(({ key }) => key),
    ["a"],
  );
});

test("an answer that is not one to each call is an outage", async () => {
  for (const body of ["[]\n", "[null]\n", "[null,null,null]\n", "{}\n", "nonsense", "[[5,null],null]\nab"]) {
    const { far } = pair({
      between: async () => new Response(body, { headers: { shelflife: "ok" } }),
      remote: { attempts: 1 },
    });
    const codes = await outcomes([far.find("a"), far.find("b")]);
    assert.deepEqual(
      codes,
      [
        ["unavailable", undefined],
        ["unavailable", undefined],
      ],
      body,
    );
  }
});

test("a malformed call is refused, and with it the batch, of which nothing is done", async () => {
  const { ask, store } = pair();
  const good = ["set", "a", 1, null];
  for (const bad of [
    [],
    "get",
    null,
    ["get"],
    ["get", 5],
    ["get", "a", 1],
    ["nothing", "a"],
    ["constructor", "a"],
    ["__proto__", "a"],
    ["set", "a"],
    ["set", "a", -1, null],
    ["set", "a", 0.5, null],
    ["set", "a", 1, "1"],
    ["increment", "a", "1", null],
    ["touch", "a"],
    ["swap", "a", 1, null],
    ["swap", "a", 1, 5, null],
    ["swap", "a", -1, null, null],
    ["swap", "a", 1, null, "1"],
  ]) {
    const body = `${JSON.stringify({ calls: [good, bad] })}\nx`;
    const refused = await ask("POST", "batch", { body });
    assert.equal(refused.status, 400, body);
    assert.equal(await store.find("a"), undefined);
  }
  const response = await ask("POST", "batch", { body: `${JSON.stringify({ calls: [good, ["get", ""]] })}\nx` });
  assert.equal(response.status, 200);
  const [set, get] = JSON.parse((await response.text()).trim()) as [unknown, { code: string }];
  assert.deepEqual([set, get.code], [true, "invalid-argument"]);
});

test("close waits for what was asked for in the same moment", async () => {
  const { far, store } = pair({ remote: { url: mount } });
  const calls = [far.set("a", bytes("x")), far.set("b", bytes("x"))];
  await far.close();
  await Promise.all(calls);
  assert.equal((await store.list()).entries.length, 2);
  await memory().close();
});
