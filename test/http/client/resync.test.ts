import assert from "node:assert/strict";
import { onTestFinished, test, vi } from "vitest";
import type { Change, Store } from "../../../src/core/contract.ts";
import { isStoreError } from "../../../src/core/error.ts";
import { handler } from "../../../src/http/handler.ts";
import { cached } from "../../../src/views/cached.ts";
import { bytes, pair, text, type Pair, type Send } from "../../support/pair.ts";

const faked = ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] as const;

/** Puts the timers of what is tested into the test's hands, and returns how to turn them on by seconds. */
function turnTimers(...more: "Date"[]): (seconds: number) => Promise<void> {
  vi.useFakeTimers({ toFake: [...faked, ...more] });
  // What is added to a wait by chance is always the same.
  const random = vi.spyOn(Math, "random").mockReturnValue(0.5);
  onTestFinished(() => {
    vi.useRealTimers();
    random.mockRestore();
  });
  return async (seconds) => {
    for (let count = 0; count < seconds * 4; count++) {
      await vi.advanceTimersByTimeAsync(250);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
}

/** Follows a store, and returns what was reported and what became of it. */
function following(store: Store): { reported: Change[]; readonly error: unknown } {
  const following = { reported: [] as Change[], error: undefined as unknown };
  const follow = async (): Promise<void> => {
    for await (const change of store.watch()) following.reported.push(change);
  };
  follow().catch((error) => (following.error = error));
  return following;
}

interface Broken {
  state: "well" | "silent" | "gone";
  /** What answers in place of the pair's handler. */
  serve?: Send;
}

/** A pair whose requests and streams hang from a moment on, as on a connection that is half open, or fail. */
function breakable(more: Parameters<typeof pair>[0] = {}): Pair & Broken {
  const broken: Broken = { state: "well" };
  const between = async (request: Request, send: Send): Promise<Response> => {
    if (request.url.endsWith("batch")) return send(request);
    if (broken.state === "silent") return new Promise(() => {});
    if (broken.state === "gone") return new Response("", { status: 502 });
    const response = await (broken.serve ?? send)(request);
    if (request.headers.get("accept")?.includes("json")) return response;
    const filter = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        if (broken.state === "gone") controller.error(new Error("cut"));
        else if (broken.state === "well") controller.enqueue(chunk);
      },
    });
    return new Response(response.body!.pipeThrough(filter), response);
  };
  const both = pair({ between, remote: { attempts: 1, timeout: 3000 }, ...more });
  return Object.assign(broken, both);
}

test("a watch outlives an outage, however long it is, and misses nothing", async () => {
  const turn = turnTimers();
  const far = breakable();
  const watch = following(far.far);
  await turn(1);
  await far.store.set("a", bytes("x"));
  await turn(1);
  assert.deepEqual(watch.reported.splice(0), [{ type: "set", key: "a" }]);
  far.state = "gone";
  await far.store.set("b", bytes("x"));
  await turn(20);
  assert.deepEqual([watch.reported, watch.error], [[], undefined]);
  await far.store.set("c", bytes("x"));
  far.state = "well";
  await turn(20);
  assert.deepEqual(watch.reported, [
    { type: "set", key: "b" },
    { type: "set", key: "c" },
  ]);
  await far.far.close();
  assert.equal(watch.error, undefined);
});

test("a watch that comes back to a handler that knows nothing of it yields resync and goes on", async () => {
  const turn = turnTimers();
  const far = breakable();
  const watch = following(far.far);
  await turn(1);
  far.state = "gone";
  // The stream breaks.
  await far.store.set("a", bytes("x"));
  await turn(10);
  far.serve = handler(far.store);
  far.state = "well";
  await turn(20);
  assert.deepEqual(watch.reported.splice(0), [{ type: "resync" }]);
  await far.store.set("b", bytes("x"));
  await turn(5);
  assert.deepEqual([watch.reported, watch.error], [[{ type: "set", key: "b" }], undefined]);
  await far.far.close();
});

test("a watch that hears nothing for 45 s yields resync, and again each 45 s, though nothing says that it broke", async () => {
  const turn = turnTimers();
  const far = breakable();
  const watch = following(far.far);
  await turn(300);
  assert.deepEqual(watch.reported, []);
  far.state = "silent";
  await turn(46);
  assert.deepEqual(watch.reported, [{ type: "resync" }]);
  await turn(45);
  assert.deepEqual(watch.reported, [{ type: "resync" }, { type: "resync" }]);
  await far.store.set("a", bytes("x"));
  far.state = "well";
  await turn(25);
  assert.deepEqual([watch.reported.at(-1), watch.error], [{ type: "set", key: "a" }, undefined]);
  await far.far.close();
});

test("a cache over a remote holds nothing for more than 45 s after its connection fell silent", async () => {
  const turn = turnTimers();
  const far = breakable({ remote: { attempts: 1, timeout: 3000, sweepInterval: Infinity } });
  const view = cached(far.far, { maxBytes: 10_000 });
  await far.store.set("a", bytes("old"));
  await view.find("a");
  await turn(2);
  await view.find("a");
  const asked = far.sent.filter((request) => request === "POST batch").length;
  assert.equal(text(await view.find("a")), "old");
  assert.equal(far.sent.filter((request) => request === "POST batch").length, asked, "it is held");
  far.state = "silent";
  for (const value of ["new", "newer", "newest"]) {
    await far.store.set("a", bytes(value));
    await turn(45);
    assert.equal(text(await view.find("a")), value);
  }
  await view.close();
});

test("a machine that slept yields resync soon after it wakes", async () => {
  const turn = turnTimers("Date");
  const far = breakable();
  const watch = following(far.far);
  await turn(20);
  assert.deepEqual(watch.reported, []);
  vi.setSystemTime(Date.now() + 3_600_000);
  await turn(16);
  assert.deepEqual(watch.reported, [{ type: "resync" }]);
  await far.far.close();
});

test("a stream that never said where it is, and an id that a handler does not take, end in resync", async () => {
  for (const kind of ["nameless", "refused"] as const) {
    const turn = turnTimers();
    let count = 0;
    let refusals = kind === "refused" ? 1 : 0;
    const { far, store } = pair({
      remote: { attempts: 1 },
      between: async (request, send) => {
        if (refusals && request.url.includes("after=")) {
          refusals--;
          const headers = { shelflife: "invalid-argument" };
          return Response.json({ code: "invalid-argument", detail: "Invalid id" }, { status: 400, headers });
        }
        const response = await send(request);
        if (count++) return response;
        await response.body!.cancel();
        const headers = new Headers(response.headers);
        if (kind === "nameless") headers.delete("shelflife-last");
        return new Response("", { headers });
      },
    });
    const watch = following(far);
    await turn(5);
    assert.deepEqual(watch.reported, [{ type: "resync" }], kind);
    await store.set("a", bytes("x"));
    await turn(5);
    assert.deepEqual([watch.reported.at(-1), watch.error], [{ type: "set", key: "a" }, undefined], kind);
    await far.close();
    vi.useRealTimers();
  }
});

test("a watch that is refused on the way ends with that", async () => {
  const turn = turnTimers();
  let isAllowed = true;
  const far = breakable({ handler: { authorize: () => isAllowed } });
  const watch = following(far.far);
  await turn(1);
  isAllowed = false;
  far.state = "gone";
  await far.store.set("a", bytes("x"));
  await turn(5);
  far.state = "well";
  await turn(20);
  assert.ok(isStoreError(watch.error, "unauthorized"), String(watch.error));
  await far.far.close();
});

test("without streams a watch polls", async () => {
  const turn = turnTimers();
  const streamless = async (request: Request, send: Send): Promise<Response> => {
    const { status, headers, ...rest } = await send(request);
    void rest;
    return { status, headers, body: undefined, arrayBuffer: async () => new ArrayBuffer(0) } as unknown as Response;
  };
  const { far, store } = pair({
    between: async (request, send) =>
      request.headers.get("accept") === null && request.url.includes("changes")
        ? streamless(request, send)
        : send(request),
  });
  const watch = following(far);
  await turn(2);
  await store.set("a", bytes("x"));
  await turn(3);
  assert.deepEqual([watch.reported, watch.error], [[{ type: "set", key: "a" }], undefined]);
  await far.close();
});

test("a watch that is over leaves no timer", async () => {
  const turn = turnTimers();
  const { far } = pair({
    between: async () => new Response(new ReadableStream(), { headers: { shelflife: "ok" } }),
    remote: { attempts: 1, sweepInterval: Infinity },
  });
  const timers = vi.getTimerCount();
  for (const end of [(watch: ReturnType<Store["watch"]>) => watch.return!(), () => far.close()]) {
    const watch = far.watch();
    const next = watch.next();
    await turn(1);
    await end(watch);
    await next;
    await turn(20);
    assert.equal(vi.getTimerCount(), timers);
  }
});

test("a watch that missed changes says so, and goes on", async () => {
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
  const watch = far.watch();
  assert.deepEqual((await watch.next()).value, { type: "resync" });
  await store.set("a", bytes("x"));
  assert.deepEqual((await watch.next()).value, { type: "set", key: "a" });
  await watch.return!();
});
