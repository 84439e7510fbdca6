import assert from "node:assert/strict";
import { onTestFinished, test, vi } from "vitest";
import type { Change, Observer } from "../../../src/core/contract.ts";
import { isStoreError } from "../../../src/core/error.ts";
import { bytes, pair } from "../../support/pair.ts";
import { until } from "../../support/until.ts";
import { forgetful, watched } from "../../support/watched.ts";

const isUnavailable = (error: unknown): boolean => isStoreError(error, "unavailable");
const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

/** Makes changes in a store, at its own pace. */
async function change(store: { set(key: string, value: Uint8Array): Promise<void> }, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    await store.set(`${index}`, bytes("x"));
    if (index % 10 === 0) await soon();
  }
}

/** Answers no request for a stream, so that changes are polled for. */
async function heldBack(request: Request, send: (request: Request) => Promise<Response>): Promise<Response> {
  const isStream = request.url.includes("/changes") && request.headers.get("accept") !== "application/json";
  return isStream ? new Response("", { status: 502 }) : send(request);
}

/** Turns the clock of the timers until work is done. */
async function turnUntil<R>(work: Promise<R>): Promise<R> {
  let isOver = false;
  const end = (): void => void (isOver = true);
  work.then(end, end);
  while (!isOver) await vi.advanceTimersByTimeAsync(100);
  return work;
}

test("a watch reports what is done after it was asked for", async () => {
  const { far } = pair();
  const watch = far.watch();
  await far.set("a", bytes("x"));
  assert.deepEqual((await watch.next()).value, { type: "set", key: "a" });
  await watch.return!();
});

test("a watch reports what changes while its stream opens", async () => {
  const tell = (): void => observers.forEach((observer) => observer.changed({ type: "set", key: "a" }));
  // The store watches already, and the answer has not begun.
  const { store, observers } = watched(() => void setTimeout(tell, 0));
  const { far } = pair({ store });
  assert.deepEqual(await far.watch().next(), { done: false, value: { type: "set", key: "a" } });
  await far.close();
});

test("closing the remote ends its streams, those that just open too", async () => {
  const { store, observers } = watched();
  const { far } = pair({ store, handler: forgetful });
  const open = far.watch();
  const waiting = open.next();
  await until(() => observers.size === 1);
  const opening = far.watch().next();
  await far.close();
  assert.deepEqual(
    [await waiting, await opening],
    [
      { done: true, value: undefined },
      { done: true, value: undefined },
    ],
  );
  await until(() => observers.size === 0);
});

test("a watch that is aborted while it opens leaves nothing behind", async () => {
  const { store, observers, count } = watched(soon);
  const { far } = pair({ store, handler: forgetful });
  const controller = new AbortController();
  const waiting = far.watch({ signal: controller.signal }).next();
  await new Promise((resolve) => setImmediate(resolve));
  controller.abort(new Error("enough"));
  assert.equal((await waiting).done, true);
  await until(() => count() === 1 && observers.size === 0);
});

test("a watch that ends aborts the request of its stream, which some platforms keep otherwise", async () => {
  const { store, observers } = watched(soon);
  const streams: AbortSignal[] = [];
  const { far } = pair({
    store,
    handler: forgetful,
    between: (request, send) => (streams.push(request.signal), send(request)),
  });
  const watches = [far.watch(), far.watch()];
  const waiting = watches.map((watch) => watch.next());
  await until(() => observers.size > 0 && streams.length === 2);
  await watches[0]!.return!();
  await until(() => streams.filter(({ aborted }) => aborted).length === 1);
  await far.close();
  await Promise.all(waiting);
  await until(() => streams.every(({ aborted }) => aborted));
});

test("a stream that ends or breaks is opened anew, after what was reported before, whatever it broke of", async () => {
  const breaks: Record<string, (observers: Set<Observer>, store: { close(): Promise<void> }) => unknown> = {
    "the store closes": (_, store) => store.close(),
    "the watch fails": (observers) => [...observers].forEach((observer) => observer.failed(new Error("secret"))),
  };
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  for (const [name, end] of Object.entries(breaks)) {
    const { store, observers } = watched();
    const other = pair();
    let count = 0;
    const { far } = pair({
      store,
      handler: forgetful,
      remote: { attempts: 1, timeout: 500 },
      // The handler is gone for a while when the stream has ended, and then it is another.
      async between(request, send) {
        if (!count++) return send(request);
        if (count < 5) return new Response("", { status: 502 });
        const { pathname, search } = new URL(request.url);
        return other.ask("GET", pathname.split("/").at(-1)! + search, { headers: request.headers });
      },
    });
    const watch = far.watch();
    const first = watch.next();
    await turnUntil(until(() => observers.size > 0));
    for (const observer of observers) observer.changed({ type: "set", key: "a" });
    assert.deepEqual((await turnUntil(first)).value, { type: "set", key: "a" });
    const second = watch.next();
    await end(observers, store);
    assert.deepEqual((await turnUntil(second)).value, { type: "resync" }, name);
    await turnUntil(other.store.set("b", bytes("x")));
    assert.deepEqual((await turnUntil(watch.next())).value, { type: "set", key: "b" }, name);
    await watch.return!();
  }
});

test("a stream is read whatever its chunks are, and one that makes no sense has broken", async () => {
  const reported = 'data: {"type":"set","key":"ü😀 "}\n\n:\n\nid: 5\ndata: {"type":"delete","key":"b"}\n\n';
  for (const chunk of [1, 2, 3, 7, 1000]) {
    const all = bytes(reported);
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
      { type: "set", key: "ü😀 " },
      { type: "delete", key: "b" },
    ]);
    await watch.return!();
  }
  const { far } = pair({ between: async () => new Response("data: nonsense\n\n", { headers: { shelflife: "ok" } }) });
  await assert.rejects(far.watch().next(), isUnavailable);
  const stranger = pair({ between: async () => new Response("data: {}\n\n"), remote: { attempts: 1 } });
  await assert.rejects(stranger.far.watch().next(), isUnavailable);
});

test("an idle stream gives signs of life, and one without any is opened anew", async () => {
  const { store, observers } = watched();
  let isSilent = false;
  const { far, sent } = pair({
    store,
    between: async (request, send) => {
      const response = await send(request);
      if (request.headers.get("accept")?.includes("json")) return response;
      const filter = new TransformStream<Uint8Array, Uint8Array>({
        transform: (chunk, controller) => void (isSilent || controller.enqueue(chunk)),
      });
      return new Response(response.body!.pipeThrough(filter), response);
    },
  });
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
  onTestFinished(() => void vi.useRealTimers());
  const turn = async (ms: number): Promise<void> => {
    vi.advanceTimersByTime(ms);
    for (let hop = 0; hop < 50; hop++) await Promise.resolve();
    await new Promise((resolve) => setImmediate(resolve));
  };
  const watch = far.watch();
  const next = watch.next();
  for (let count = 0; count < 240; count++) await turn(1000);
  assert.deepEqual(sent, ["GET changes"]);
  isSilent = true;
  for (let count = 0; count < 46; count++) await turn(1000);
  assert.ok(sent.length > 1);
  // The stream that was opened in silence says nothing of where it begins: changes are asked for.
  for (const observer of observers) observer.changed({ type: "set", key: "a" });
  for (let count = 0; count < 10; count++) await turn(1000);
  assert.deepEqual((await next).value, { type: "resync" });
  assert.deepEqual((await watch.next()).value, { type: "set", key: "a" });
  await far.close();
});

test("a sweep reports what expired far away", async () => {
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

test("a stream goes on where it broke, wherever that is: each change once", async () => {
  let limit = 0;
  const { far, store, sent } = pair({
    // Cuts each stream after some bytes more than the one before.
    between: async (request, send) => {
      const response = await send(request);
      if (request.headers.get("accept")?.includes("json") || !request.url.includes("changes")) return response;
      let left = (limit += 37);
      const reader = response.body!.getReader();
      const body = new ReadableStream<Uint8Array>({
        async pull(controller) {
          const { value } = await reader.read();
          controller.enqueue(value!.subarray(0, left));
          left -= value!.length;
          if (left > 0) return;
          await reader.cancel();
          controller.error(new Error("cut"));
        },
        cancel: (reason) => reader.cancel(reason),
      });
      return new Response(body, response);
    },
  });
  const watch = far.watch();
  await far.has("a");
  const changing = change(store, 100);
  for (let index = 0; index < 100; index++) {
    assert.deepEqual((await watch.next()).value, { type: "set", key: `${index}` });
  }
  await changing;
  assert.ok(sent.length > 3, `${sent.length} requests`);
  await far.close();
});

test("where streams bring nothing changes are polled for: each once", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  for (const cut of ["at once", "held back", "refused"] as const) {
    let polls = 0;
    const { far, store } = pair({
      remote: { attempts: 1 },
      between: async (request, send) => {
        if (request.headers.get("accept")?.includes("json") && ++polls) return send(request);
        if (!request.url.includes("changes")) return send(request);
        const response = await send(request);
        await response.body!.cancel();
        if (cut === "refused") return new Response("", { status: 502 });
        const body = new ReadableStream({ start: (controller) => cut === "at once" && controller.close() });
        return new Response(body, response);
      },
    });
    const watch = far.watch({ prefix: "1" });
    await turnUntil(far.has("a"));
    await turnUntil(change(store, 20));
    const keys: string[] = [];
    while (keys.length < 11) keys.push((await turnUntil(watch.next())).value.key);
    assert.deepEqual(keys, ["1", ...Array.from({ length: 10 }, (_, index) => `${10 + index}`)], cut);
    assert.ok(polls > 0);
    await watch.return!();
    await far.close();
  }
});

test("where the handler's own store may have missed changes, every watch far away gets resync", async () => {
  for (const between of [undefined, heldBack]) {
    const { store, observers } = watched();
    const { far } = pair({ store, ...(between && { between }) });
    const watch = far.watch({ prefix: "b" });
    const first = watch.next();
    await until(() => observers.size > 0);
    await far.findMany([]);
    for (const observer of observers) {
      observer.changed({ type: "set", key: "b" });
      observer.resync();
      observer.changed({ type: "set", key: "b2" });
    }
    const reported = [(await first).value];
    while (reported.at(-1)?.key !== "b2") reported.push((await watch.next()).value);
    // Those before it are among what is read again.
    assert.deepEqual(reported.slice(-2), [{ type: "resync" }, { type: "set", key: "b2" }]);
    await far.close();
  }
});
