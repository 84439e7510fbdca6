import assert from "node:assert/strict";
import { test } from "node:test";
import type { Change, Observer } from "../../src/core/contract.ts";
import { createStore } from "../../src/core/createStore.ts";
import { isStoreError, StoreError } from "../../src/core/error.ts";
import { bytes, pair } from "./pair.ts";

const isUnavailable = (error: unknown): boolean => isStoreError(error, "unavailable");
const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

/** A store that can only be watched, and what its backend is told and tells. */
function watched(begin: () => void | Promise<void> = () => {}): {
  store: ReturnType<typeof createStore>;
  observers: Set<Observer>;
} {
  const observers = new Set<Observer>();
  const store = createStore({
    get: () => undefined,
    set: () => {},
    delete: () => false,
    isPersistent: () => false,
    async watch(_, observer) {
      await begin();
      observers.add(observer);
      return () => void observers.delete(observer);
    },
  });
  return { store, observers };
}

test("changes are server-sent events that anybody can read", async () => {
  const { ask, store } = pair();
  const response = await ask("GET", "changes?prefix=a%2F");
  assert.deepEqual(
    ["content-type", "x-accel-buffering", "cache-control", "shelflife"].map((name) => response.headers.get(name)),
    ["text/event-stream", "no", "no-store, no-transform", "ok"],
  );
  await store.set("b", bytes("x"));
  await store.set("a/\n\u{1f600}\0", bytes("x"));
  await store.delete("a/\n\u{1f600}\0");
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let read = "";
  while (!read.includes("delete")) read += (await reader.read()).value;
  assert.equal(
    read,
    ':\n\ndata: {"type":"set","key":"a/\\n\u{1f600}\\u0000"}\n\ndata: {"type":"delete","key":"a/\\n\u{1f600}\\u0000"}\n\n',
  );
  await reader.cancel();
});

test("the headers come when the watch has begun", async () => {
  let begin = (): void => {};
  const { store, observers } = watched(() => new Promise((resolve) => (begin = resolve)));
  const { ask } = pair({ store });
  let isAnswered = false;
  const asked = ask("GET", "changes").then((response) => {
    isAnswered = true;
    return response;
  });
  await soon();
  assert.equal(isAnswered, false);
  begin();
  const response = await asked;
  assert.equal(observers.size, 1);
  await response.body!.cancel();
  assert.equal(observers.size, 0);
});

test("a refused watch is a problem document, and rejects at the remote", async () => {
  const refused = new StoreError("unauthorized", "No watching here: expected a better account");
  for (const begin of [
    () => {
      throw refused;
    },
    () => soon().then(() => Promise.reject(refused)),
  ]) {
    const { ask, far } = pair({ store: watched(begin).store });
    const response = await ask("GET", "changes");
    assert.deepEqual([response.status, response.headers.get("content-type")], [401, "application/problem+json"]);
    await assert.rejects(
      far.watch().next(),
      (error) => isStoreError(error, "unauthorized") && error.message === refused.message,
    );
  }
  const { ask } = pair();
  assert.equal((await ask("GET", "changes?prefix=%ff")).status, 400);
});

test("what is done after a watch was asked for is told by it", async () => {
  const { far } = pair();
  const watch = far.watch();
  await far.set("a", bytes("x"));
  assert.deepEqual((await watch.next()).value, { type: "set", key: "a" });
  await watch.return!();
});

test("a stream that is not read, or left, ends the watch on the store", async () => {
  const { store, observers } = watched();
  const { far, ask } = pair({ store });
  const response = await ask("GET", "changes");
  const watch = far.watch();
  const waiting = watch.next();
  await soon();
  assert.equal(observers.size, 2);
  await response.body!.cancel();
  await watch.return!();
  assert.deepEqual(await waiting, { done: true, value: undefined });
  await soon();
  assert.equal(observers.size, 0);
});

test("closing the remote ends its streams, those that just open too", async () => {
  const { store, observers } = watched();
  const { far } = pair({ store });
  const open = far.watch();
  const waiting = open.next();
  await soon();
  assert.equal(observers.size, 1);
  const opening = far.watch().next();
  await far.close();
  assert.deepEqual(
    [await waiting, await opening],
    [
      { done: true, value: undefined },
      { done: true, value: undefined },
    ],
  );
  await soon();
  assert.equal(observers.size, 0);
});

test("a watch that is aborted while it opens leaves nothing behind", async () => {
  const { store, observers } = watched(soon);
  const { far } = pair({ store });
  const controller = new AbortController();
  const reason = new Error("enough");
  const waiting = assert.rejects(far.watch({ signal: controller.signal }).next(), (error) => error === reason);
  await new Promise((resolve) => setImmediate(resolve));
  controller.abort(reason);
  await waiting;
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(observers.size, 0);
});

test("a stream that ends or breaks is an outage to whoever watches, after what was told before", async () => {
  const breaks: Record<string, (observers: Set<Observer>, store: { close(): Promise<void> }) => unknown> = {
    "the store closes": (_, store) => store.close(),
    "the watch fails": (observers) => [...observers].forEach((observer) => observer.failed(new Error("secret"))),
  };
  for (const [name, end] of Object.entries(breaks)) {
    const { store, observers } = watched();
    const { far } = pair({ store });
    const watch = far.watch();
    const first = watch.next();
    await soon();
    for (const observer of observers) observer.changed({ type: "set", key: "a" });
    assert.deepEqual((await first).value, { type: "set", key: "a" });
    const broken = assert.rejects(
      watch.next(),
      (error) => isUnavailable(error) && !String(error).includes("secret"),
      name,
    );
    await end(observers, store);
    await broken;
  }
});

test("a stream is read whatever its chunks are, and one that makes no sense has broken", async () => {
  const told = 'data: {"type":"set","key":"ü😀"}\n\n:\n\nid: 5\ndata: {"type":"delete","key":"b"}\n\n';
  for (const chunk of [1, 2, 3, 7, 1000]) {
    const all = bytes(told);
    const { far } = pair({
      between: async () =>
        new Response(
          new ReadableStream({
            start(controller) {
              for (let at = 0; at < all.length; at += chunk) controller.enqueue(all.slice(at, at + chunk));
            },
          }),
          { headers: { shelflife: "ok" } },
        ),
    });
    const watch = far.watch();
    const changes: Change[] = [(await watch.next()).value, (await watch.next()).value];
    assert.deepEqual(changes, [
      { type: "set", key: "ü😀" },
      { type: "delete", key: "b" },
    ]);
    await watch.return!();
  }
  const { far } = pair({ between: async () => new Response("data: nonsense\n\n", { headers: { shelflife: "ok" } }) });
  await assert.rejects(far.watch().next(), isUnavailable);
  const stranger = pair({ between: async () => new Response("data: {}\n\n"), remote: { attempts: 1 } });
  await assert.rejects(stranger.far.watch().next(), isUnavailable);
});

test("an idle stream gives signs of life, and one without any has broken", async (context) => {
  const { store, observers } = watched();
  let isSilent = false;
  const { far } = pair({
    store,
    between: async (request, send) => {
      const response = await send(request);
      const filter = new TransformStream<Uint8Array, Uint8Array>({
        transform: (chunk, controller) => void (isSilent || controller.enqueue(chunk)),
      });
      return new Response(response.body!.pipeThrough(filter), response);
    },
  });
  let outcome: unknown;
  context.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const turn = async (ms: number): Promise<void> => {
    context.mock.timers.tick(ms);
    for (let hop = 0; hop < 50; hop++) await Promise.resolve();
    await new Promise((resolve) => setImmediate(resolve));
  };
  far.watch().next().catch((error: unknown) => (outcome = error)); // prettier-ignore
  for (let count = 0; count < 40; count++) await turn(1000);
  for (let count = 0; count < 200; count++) await turn(1000);
  assert.equal(observers.size, 1);
  assert.equal(outcome, undefined);
  isSilent = true;
  for (let count = 0; count < 46; count++) await turn(1000);
  assert.ok(isUnavailable(outcome));
  assert.equal(observers.size, 0);
});

test("a client that reads no more is let go", async (context) => {
  context.mock.timers.enable({ apis: ["setInterval"] });
  const { store, observers } = watched();
  const { ask } = pair({ store });
  const response = await ask("GET", "changes");
  assert.equal(observers.size, 1);
  for (let count = 0; count < 3; count++) context.mock.timers.tick(15_000);
  await soon();
  assert.equal(observers.size, 0);
  await assert.rejects(async () => {
    for await (const _ of response.body!);
  });
});

test("a sweep tells of what expired far away", async () => {
  const { far, store, clock } = pair();
  const watch = far.watch();
  // A call of the remote waits for its watch, one of the store itself does not.
  await far.has("a");
  await store.set("a", bytes("x"), { ttl: 5 });
  clock.advance(5);
  assert.equal(await far.sweep(), 1);
  const changes = [(await watch.next()).value, (await watch.next()).value];
  assert.deepEqual(
    changes.map(({ type }) => type),
    ["set", "expire"],
  );
  await far.close();
});
