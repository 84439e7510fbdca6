import assert from "node:assert/strict";
import { test, vi } from "vitest";
import type { Change, Observer } from "../../src/core/contract.ts";
import { createStore } from "../../src/core/createStore.ts";
import { isStoreError, StoreError } from "../../src/core/error.ts";
import { bytes, pair } from "../support/pair.ts";

const isUnavailable = (error: unknown): boolean => isStoreError(error, "unavailable");
const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));
/** A handler that lets go of its store as soon as nobody listens. */
const forgetful = { resumeWithin: 1 };

async function until(isSo: () => boolean): Promise<void> {
  for (let tries = 0; !isSo() && tries < 1000; tries++) await soon();
  assert.ok(isSo());
}

/** Reads a stream until it has said something. */
async function readUntil(response: Response, end: string): Promise<string> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let read = "";
  while (!read.includes(end)) read += (await reader.read()).value;
  await reader.cancel();
  return read;
}

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
  const read = await readUntil(response, "delete");
  const [first, ...events] = read.split("\n\n").map((event) => event.replace(/^id: [\da-f-]+-(\d+)/, "$1"));
  assert.deepEqual(
    [first, ...events],
    ["0", '2\ndata: {"type":"set","key":"a/\\n\u{1f600}\\u0000"}', '3\ndata: {"type":"delete","key":"a/\\n\u{1f600}\\u0000"}', ""], // prettier-ignore
  );
});

test("the headers come when the watch has begun", async () => {
  let begin = (): void => {};
  const { store, observers } = watched(() => new Promise((resolve) => (begin = resolve)));
  const { ask } = pair({ store, handler: forgetful });
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
  await until(() => observers.size === 0);
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

test("what changes while a stream opens is told by it", async () => {
  const tell = (): void => observers.forEach((observer) => observer.changed({ type: "set", key: "a" }));
  // The store watches already, and the answer has not begun.
  const { store, observers } = watched(() => void setTimeout(tell, 0));
  const { far } = pair({ store });
  const told = await Promise.race([far.watch().next(), new Promise((resolve) => setTimeout(resolve, 2000))]);
  assert.deepEqual(told, { done: false, value: { type: "set", key: "a" } });
  await far.close();
});

test("streams share a watch on the store, which ends after the last of them", async () => {
  const { store, observers } = watched();
  const { far, ask } = pair({ store, handler: forgetful });
  const response = await ask("GET", "changes");
  const watch = far.watch();
  const waiting = watch.next();
  await soon();
  assert.equal(observers.size, 1);
  await response.body!.cancel();
  await soon();
  assert.equal(observers.size, 1);
  await watch.return!();
  assert.deepEqual(await waiting, { done: true, value: undefined });
  await until(() => observers.size === 0);
});

test("closing the remote ends its streams, those that just open too", async () => {
  const { store, observers } = watched();
  const { far } = pair({ store, handler: forgetful });
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
  await until(() => observers.size === 0);
});

test("a watch that is aborted while it opens leaves nothing behind", async () => {
  const { store, observers } = watched(soon);
  const { far } = pair({ store, handler: forgetful });
  const controller = new AbortController();
  const reason = new Error("enough");
  const waiting = assert.rejects(far.watch({ signal: controller.signal }).next(), (error) => error === reason);
  await new Promise((resolve) => setImmediate(resolve));
  controller.abort(reason);
  await waiting;
  await new Promise((resolve) => setTimeout(resolve, 50));
  await until(() => observers.size === 0);
});

test("a stream that ends or breaks is an outage to whoever watches, after what was told before", async () => {
  const breaks: Record<string, (observers: Set<Observer>, store: { close(): Promise<void> }) => unknown> = {
    "the store closes": (_, store) => store.close(),
    "the watch fails": (observers) => [...observers].forEach((observer) => observer.failed(new Error("secret"))),
  };
  for (const [name, end] of Object.entries(breaks)) {
    const { store, observers } = watched();
    let count = 0;
    const { far } = pair({
      store,
      handler: forgetful,
      remote: { attempts: 1, timeout: 500 },
      // The handler is gone when the stream has ended.
      between: async (request, send) => (count++ ? new Response("", { status: 502 }) : send(request)),
    });
    const watch = far.watch();
    const first = watch.next();
    await until(() => observers.size > 0);
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
  const told = 'data: {"type":"set","key":"ü😀 "}\n\n:\n\nid: 5\ndata: {"type":"delete","key":"b"}\n\n';
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
  const turn = async (ms: number): Promise<void> => {
    vi.advanceTimersByTime(ms);
    for (let hop = 0; hop < 50; hop++) await Promise.resolve();
    await new Promise((resolve) => setImmediate(resolve));
  };
  const next = far.watch().next();
  for (let count = 0; count < 240; count++) await turn(1000);
  assert.deepEqual(sent, ["GET changes"]);
  isSilent = true;
  for (let count = 0; count < 46; count++) await turn(1000);
  assert.ok(sent.length > 1);
  // The stream that was opened in silence says nothing of where it begins: changes are asked for.
  for (const observer of observers) observer.changed({ type: "set", key: "a" });
  for (let count = 0; count < 10; count++) await turn(1000);
  assert.deepEqual((await next).value, { type: "set", key: "a" });
  await far.close();
});

test("a client that reads no more is let go", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  const { store, observers } = watched();
  const { ask } = pair({ store, handler: forgetful });
  const response = await ask("GET", "changes");
  assert.equal(observers.size, 1);
  for (let count = 0; count < 3; count++) vi.advanceTimersByTime(15_000);
  await until(() => observers.size === 0);
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

/** Makes changes in a store, at its own pace. */
async function change(store: { set(key: string, value: Uint8Array): Promise<void> }, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    await store.set(`${index}`, bytes("x"));
    if (index % 10 === 0) await soon();
  }
}

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
    await far.has("a");
    await change(store, 20);
    const keys: string[] = [];
    while (keys.length < 11) keys.push((await watch.next()).value.key);
    assert.deepEqual(keys, ["1", ...Array.from({ length: 10 }, (_, index) => `${10 + index}`)], cut);
    assert.ok(polls > 0);
    await watch.return!();
    await far.close();
  }
});

test("who comes back is told what he missed, or that it is not known any more", async () => {
  const { ask, store } = pair();
  await (await ask("GET", "changes")).body!.cancel();
  const begin = (await (await ask("GET", "changes", { headers: { accept: "application/json" } })).json()) as {
    changes: Change[];
    last: string;
  };
  assert.deepEqual(begin.changes, []);
  await store.set("b", bytes("x"));
  await store.set("a", bytes("x"));
  const path = `changes?prefix=a&after=${begin.last}`;
  const missed = await (await ask("GET", path, { headers: { accept: "application/json" } })).json();
  assert.deepEqual(missed, { changes: [{ type: "set", key: "a" }], last: begin.last.replace(/0$/, "2") });
  for (const [where, headers] of [
    [path, {}],
    ["changes?prefix=a", { "last-event-id": begin.last }],
  ] as const) {
    const response = await ask("GET", where, { headers });
    assert.equal(response.headers.get("shelflife-last"), begin.last);
    assert.match(await readUntil(response, "data"), /-0\n\nid: .*-2\ndata: {"type":"set","key":"a"}\n\n$/);
  }
  for (const id of ["nonsense", "", begin.last.replace(/^./, "?"), begin.last.replace(/0$/, "3"), "-1", "NaN"]) {
    const lost = await ask("GET", "changes", { headers: { "last-event-id": id } });
    assert.match(await readUntil(lost, "data"), /^event: resync\nid: .*-2\ndata: null\n\n$/, id);
    const polled = await ask("GET", `changes?after=${id}`, { headers: { accept: "application/json" } });
    assert.equal(((await polled.json()) as { resync?: boolean }).resync, true, id);
  }
});

test("a watch that missed changes says so", async () => {
  const { store } = pair();
  const first = pair({ store });
  const second = pair({ store });
  const { far } = pair({
    between: async (request) => {
      const { pathname, search } = new URL(request.url);
      const path = pathname.split("/").at(-1)! + search;
      if (search.includes("after")) return second.ask("GET", path, { headers: request.headers });
      const response = await first.ask("GET", path);
      await response.body!.cancel();
      return new Response("", response);
    },
  });
  await assert.rejects(far.watch().next(), (error) => isUnavailable(error) && /missed/.test(String(error)));
});

test("a reader that falls behind what is remembered is told so, and costs no memory", async () => {
  const { ask, store } = pair();
  const response = await ask("GET", "changes");
  const items = Array.from({ length: 10_000 }, (_, index) => [`${index}`, bytes("x")] as const);
  for (let count = 0; count < 3; count++) await store.setMany(items);
  const headers = { accept: "application/json" };
  const last = async (): Promise<string> =>
    ((await (await ask("GET", "changes", { headers })).json()) as { last: string }).last;
  while (!(await last()).endsWith("-30000"));
  const read = await readUntil(response, "resync");
  assert.match(read, /event: resync\nid: .*-30000\n/);
});

test("streams are counted, and one too many is told when to come again", async () => {
  const { ask } = pair({ handler: { maxStreams: 2 } });
  const open = [await ask("GET", "changes"), await ask("GET", "changes")];
  const refused = await ask("GET", "changes");
  assert.deepEqual([refused.status, refused.headers.get("retry-after")], [429, "5"]);
  assert.equal((await ask("GET", "changes", { headers: { accept: "application/json" } })).status, 200);
  await open[0]!.body!.cancel();
  open[0] = await ask("GET", "changes");
  assert.equal(open[0].status, 200);
  for (const { body } of open) await body!.cancel();
});

test("a scope hears of its own keys only, also when it comes back", async () => {
  const { ask, store } = pair({ handler: { authorize: () => ({ prefix: "mine/" }) } });
  const response = await ask("GET", "changes");
  const last = response.headers.get("shelflife-last")!;
  await store.set("other/a", bytes("x"));
  await store.set("mine/a", bytes("x"));
  assert.deepEqual((await readUntil(response, "data")).match(/data.*/g), ['data: {"type":"set","key":"a"}']);
  const again = await ask("GET", "changes?prefix=a", { headers: { "last-event-id": last } });
  assert.deepEqual((await readUntil(again, "data")).match(/data.*/g), ['data: {"type":"set","key":"a"}']);
});
