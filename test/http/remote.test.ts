import assert from "node:assert/strict";
import { test, vi } from "vitest";
import { isStoreError, StoreError, type StoreErrorCode } from "../../src/core/error.ts";
import { faulty } from "../../src/testing/faulty.ts";
import { memory } from "../../src/backends/memory.ts";
import { remote } from "../../src/http/remote.ts";
import { bytes, mount, pair, text } from "../support/pair.ts";
import { until } from "../support/until.ts";

const isUnavailable = (error: unknown): boolean => isStoreError(error, "unavailable");

/** Reads what calls a request consists of. */
async function callsOf(request: Request): Promise<unknown[][]> {
  const [head] = (await request.clone().text()).split("\n");
  return (JSON.parse(head!) as { calls: unknown[][] }).calls;
}

const isSwap = async (request: Request): Promise<boolean> => (await callsOf(request))[0]![0] === "swap";

test("a mount may end in slashes, and requests carry the headers and the token", async () => {
  const seen: [string, string | null, string | null][] = [];
  const { far } = pair({
    between: (request, send) => {
      seen.push([request.url, request.headers.get("authorization"), request.headers.get("x-trace")]);
      return send(request);
    },
    remote: { url: `${mount}//`, token: "secret", headers: { "x-trace": "5" } },
  });
  await far.set("a b+c", bytes("x"));
  assert.equal(text(await far.get("a b+c")), "x");
  assert.deepEqual(
    seen,
    Array.from({ length: 2 }, () => [`${mount}/batch`, "Bearer secret", "5"]),
  );
});

test("a tag that a proxy made weak still holds for a change", async () => {
  const { far, store } = pair({
    between: async (request, send) => {
      const response = await send(request);
      if (response.headers.has("etag")) response.headers.set("etag", `W/${response.headers.get("etag")}`);
      return response;
    },
  });
  await store.set("a", bytes("1"));
  await far.update("a", () => bytes("2"));
  assert.equal(text(await store.get("a")), "2");
});

test("a value that expires on the way is a miss", async () => {
  const { far, clock, store } = pair({
    between: async (request, send) => {
      const response = await send(request);
      clock.advance(10);
      return response;
    },
  });
  const reads: (() => Promise<unknown>)[] = [
    () => far.find("a"),
    async () => (await far.findMany(["a"]))[0],
    async () => (await far.list()).entries[0],
    async () => (await far.has("a")) || undefined,
    async () => (await far.entry("a"))?.value,
  ];
  for (const read of reads) {
    await store.set("a", bytes("x"), { ttl: 10 });
    assert.equal(await read(), undefined);
  }
});

test("an error of the store arrives with its code, message and key", async () => {
  let thrown: unknown;
  const store = faulty(memory(), () => ({ before: thrown }));
  const { far } = pair({ store, remote: { attempts: 1 } });
  const codes: StoreErrorCode[] = [
    "cant-decode",
    "invalid-argument",
    "unsupported",
    "quota-exceeded",
    "unavailable",
    "unauthorized",
  ];
  for (const code of codes) {
    thrown = new StoreError(code, `Cannot do it to "ü😀": expected ${code}`, { key: "ü😀\0" });
    for (const call of [
      () => far.get("ü😀\0"),
      () => far.set("a", bytes("x")),
      () => far.increment("ü😀\0"),
      () => far.findMany(["a"]),
    ]) {
      await assert.rejects(call, (error) => {
        assert.ok(isStoreError(error, code));
        assert.deepEqual([error.message, error.key], [(thrown as StoreError).message, "ü😀\0"]);
        return true;
      });
    }
  }
  thrown = new StoreError("closed", "Store is closed: expected an open one");
  await assert.rejects(far.get("a"), isUnavailable, "a store that is closed far away");
  thrown = new Error("password=secret in /etc/store");
  await assert.rejects(far.get("a"), (error) => isUnavailable(error) && !String(error).includes("secret"));
  thrown = new StoreError("unauthorized", "No");
  await assert.rejects(far.has("a"), (error) => isStoreError(error, "unauthorized"), "an answer to HEAD");
});

test("no message shows a value, a token or a header", async () => {
  const { far } = pair({
    between: async () => new Response("secret", { headers: { shelflife: "ok" } }),
    remote: { token: "secret", headers: { "x-key": "secret" }, attempts: 1 },
  });
  for (const call of [() => far.list(), () => far.findMany(["a"]), () => far.increment("a")]) {
    await assert.rejects(call, (error) => isUnavailable(error) && !String(error).includes("secret"));
  }
});

test("fifty updates at once in a process do not fight", async () => {
  const { far, store, sent } = pair();
  await Promise.all(
    Array.from({ length: 50 }, () => far.update("n", (value) => bytes(`${Number(text(value) ?? 0) + 1}`))),
  );
  assert.equal(text(await store.get("n")), "50");
  assert.equal(sent.length, 100);
});

test("a value as large as a handler takes can be written, read and changed", async () => {
  const { far, store } = pair({ handler: { maxBytes: 100_000 } });
  const key = "\u0001".repeat(1024);
  await far.set(key, new Uint8Array(100_000).fill(1));
  const next = new Uint8Array(100_000).fill(2);
  await far.update(key, (value) => {
    assert.deepEqual(value, new Uint8Array(100_000).fill(1));
    return next;
  });
  assert.deepEqual(await store.get(key), next);
  await assert.rejects(far.set("a", new Uint8Array(100_001)), (error) => isStoreError(error, "quota-exceeded"));
  await far.update(key, () => undefined);
  assert.equal(await store.find(key), undefined);
});

test("updates of different keys do not wait for one another", async () => {
  const { far, sent } = pair({
    between: async (request, send) =>
      (await callsOf(request)).some(([, key]) => key === "slow") ? new Promise(() => {}) : send(request),
  });
  const controller = new AbortController();
  const reason = new Error("enough");
  const slow = assert.rejects(
    far.update("slow", () => bytes("x"), { signal: controller.signal }),
    (error) => error === reason,
  );
  // What is asked for at once travels together.
  await until(() => sent.length);
  await far.update("fast", () => bytes("x"));
  controller.abort(reason);
  await slow;
  assert.equal(text(await far.update("fast", () => bytes("y"))), "y");
});

test("updates of several remotes are never lost", async () => {
  const { store, ask } = pair();
  const fetch = (url: string, init: RequestInit): Promise<Response> =>
    ask(init.method!, url.slice(mount.length + 1), init);
  const remotes = Array.from({ length: 10 }, () => remote({ url: mount, fetch }));
  await Promise.all(
    remotes.flatMap((far) =>
      Array.from({ length: 10 }, () => far.update("n", (value) => bytes(`${Number(text(value) ?? 0) + 1}`))),
    ),
  );
  assert.equal(text(await store.get("n")), "100");
});

test("a change that others always outrun is a conflict in the end", async () => {
  let changes = 0;
  const random = vi.spyOn(Math, "random").mockReturnValue(-0.5);
  const { far, store, sent } = pair({
    between: async (request, send) => {
      if (await isSwap(request)) await store.set("a", bytes(`${changes++}`));
      return send(request);
    },
  });
  await assert.rejects(
    far.update("a", () => bytes("mine")),
    (error) => isStoreError(error, "conflict") && error.key === "a",
  );
  random.mockRestore();
  assert.equal(changes * 2, sent.length);
  assert.equal(text(await store.get("a")), `${changes - 1}`);
});

test("a deadline that another client gives meanwhile survives a change that keeps it", async () => {
  const { far, store, clock } = pair({
    between: async (request, send) => {
      if (await isSwap(request)) await store.touch("a", { ttl: 50 });
      return send(request);
    },
  });
  await store.set("a", bytes("1"), { ttl: 1000 });
  await far.update("a", () => bytes("2"));
  assert.equal((await store.entry("a"))?.expiresAt, clock.now() + 50);
});

test("close lets calls finish, those that wait for their turn too", async () => {
  const { far, store } = pair({
    between: async (request, send) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return send(request);
    },
  });
  const calls = [far.set("a", bytes("x")), far.update("b", () => bytes("y")), far.update("b", () => bytes("z"))];
  await far.close();
  assert.deepEqual((await store.findMany(["a", "b"])).map(text), ["x", "z"]);
  await Promise.all(calls);
});
