import assert from "node:assert/strict";
import { onTestFinished, test, vi } from "vitest";
import type { Store } from "../../../src/core/contract.ts";
import { memory } from "../../../src/backends/memory.ts";
import { isStoreError } from "../../../src/core/error.ts";
import { handler } from "../../../src/http/handler.ts";
import { remote } from "../../../src/http/remote.ts";
import { bytes, mount, pair } from "../../support/pair.ts";

/** Every call of a remote that asks its handler. */
const calls: Record<string, (far: Store, options?: object) => Promise<unknown>> = {
  get: (far, options) => far.get("a", options),
  find: (far, options) => far.find("a", options),
  has: (far, options) => far.has("a", options),
  entry: (far, options) => far.entry("a", options),
  set: (far, options) => far.set("a", bytes("x"), options),
  delete: (far, options) => far.delete("a", options),
  findMany: (far, options) => far.findMany(["a"], options),
  setMany: (far, options) => far.setMany([["a", bytes("x")]], options),
  deleteMany: (far, options) => far.deleteMany(["a"], options),
  compareAndSet: (far, options) => far.compareAndSet("a", undefined, bytes("x"), options),
  setIfAbsent: (far, options) => far.setIfAbsent("a", bytes("x"), options),
  take: (far, options) => far.take("a", options),
  increment: (far, options) => far.increment("a", 1, options),
  update: (far, options) => far.update("a", () => bytes("x"), options),
  touch: (far, options) => far.touch("a", { ttl: 5, ...options }),
  keys: (far, options) => far.keys(options)[Symbol.asyncIterator]().next(),
  list: (far, options) => far.list(options),
  clear: (far, options) => far.clear(options),
  watch: (far, options) => far.watch(options).next(),
  sweep: (far, options) => far.sweep(options),
};

test("whatever a fetch of the user's own does, a call rejects unavailable", async () => {
  const oddities: Record<string, () => unknown> = {
    "throws": () => {
      throw new Error("boom");
    },
    "throws nothing": () => {
      // eslint-disable-next-line no-throw-literal
      throw undefined;
    },
    "is no promise": () => 5,
    "resolves with nothing": async () => undefined,
    "resolves with null": async () => null,
    "resolves with an object": async () => ({}),
    "has headers of its own": async () => ({ status: 200, headers: {} }),
    "has no body": async () => ({ status: 200, headers: new Headers({ shelflife: "ok" }) }),
    "has a body that is none": async () => ({ status: 200, headers: new Headers({ shelflife: "ok" }), body: 5, arrayBuffer: () => 5 }),
    "has a body that was read": async () => {
      const response = new Response("[null]\n", { headers: { shelflife: "ok" } });
      await response.text();
      return response;
    },
    "is an answer of an error": async () => Response.error(),
  }; // prettier-ignore
  for (const [oddity, fetch] of Object.entries(oddities)) {
    const far = remote({ url: mount, attempts: 1, timeout: 1000, fetch: fetch as () => Promise<Response> });
    for (const [name, run] of Object.entries(calls)) {
      await assert.rejects(
        (async () => run(far))(),
        (error) => isStoreError(error, "unavailable"),
        `${name}: ${oddity}`,
      );
    }
    await far.close();
  }
});

test("where the platform lacks something, nothing is thrown, and what does not need it works", async () => {
  onTestFinished(() => void vi.unstubAllGlobals());
  /** Answers without anything of the platform's but its headers. */
  const fetch = async (url: string): Promise<Response> => {
    const body = url.includes("changes") ? '{"changes":[],"last":"5"}' : "[true]\n";
    const headers = new Headers({ shelflife: "ok" });
    return { status: 200, headers, arrayBuffer: async () => bytes(body).buffer } as unknown as Response;
  };
  for (const name of ["ReadableStream", "TextDecoderStream", "Response", "Request", "fetch", "navigator"]) {
    vi.stubGlobal(name, undefined);
    const far = remote({ url: mount, fetch });
    await far.set("a", bytes("x"));
    const next = far.watch().next();
    await far.set("a", bytes("x"));
    await far.close();
    assert.ok(await next.catch((error: unknown) => isStoreError(error)), name);
    const bare = remote({ url: mount, attempts: 1 });
    if (name === "fetch") {
      for (const [call, run] of Object.entries(calls)) {
        await assert.rejects(run(bare), (error) => isStoreError(error, "unavailable"), call);
      }
    }
    vi.unstubAllGlobals();
  }
});

test("a signal is one, or the call rejects; its reason is given as it is", async () => {
  const { far } = pair();
  for (const signal of [5, "x", {}, new EventTarget()]) {
    for (const [name, run] of Object.entries(calls)) {
      await assert.rejects(
        run(far, { signal }),
        (error) => isStoreError(error, "invalid-argument"),
        `${name}, ${String(signal)}`,
      );
    }
  }
  const reason = { any: "thing" };
  for (const [name, run] of Object.entries(calls)) {
    const outcome = await run(far, { signal: AbortSignal.abort(reason) }).catch((error: unknown) => error);
    if (name !== "watch") assert.equal(outcome, reason, name);
  }
});

test("a clock and timers that are faked after a remote was made reach it, and it does not wait for them", async () => {
  const store = memory();
  const serve = handler(store);
  const far = remote({ url: mount, fetch: (url, init) => serve(new Request(url, init)) });
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  await far.set("a", bytes("x"), { ttl: 1000 });
  assert.equal((await far.list()).entries[0]?.expiresAt, Date.now() + 1000);
  vi.setSystemTime(Date.now() + 999);
  for (const [name, run] of Object.entries(calls)) {
    if (!["watch", "delete", "take", "clear", "increment"].includes(name)) await run(far);
  }
  vi.useRealTimers();
  await far.set("a", bytes("x"), { ttl: 1000 });
  const left = (await far.entry("a"))!.expiresAt - Date.now();
  assert.ok(left > 0 && left <= 1000, `${left}`);
  await store.close();
});
