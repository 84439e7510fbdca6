import assert from "node:assert/strict";
import { test } from "vitest";
import { memory } from "../../../src/backends/memory.ts";
import { handler } from "../../../src/http/handler.ts";
import { bytes, mount, pair } from "../../support/pair.ts";
import { problem } from "../../support/problem.ts";

test("a key is percent-encoded UTF-8, strictly", async () => {
  const { ask, store } = pair();
  await store.set("\ufffd", bytes("not this one"));
  const bad = ["%", "%2", "%zz", "%ff", "%c3%28", "%ed%a0%80", "%c0%80", "%f4%90%80%80", "é", "\u{1f600}"];
  for (const key of bad) {
    const serve = handler(store);
    // A server may hand over the address as it came, where Request would have encoded it.
    const request = { url: `${mount}/entry?key=${key}`, method: "GET", headers: new Headers() } as Request;
    await problem(serve(request), 400, "invalid-argument");
  }
  for (const query of ["", "?", "?key", "?key=", "?key=a&key=b", "?key=a&kez=b", "?prefix=a", "?KEY=a", "?%6bey=a"]) {
    await problem(ask("GET", `entry${query}`), 400, "invalid-argument");
  }
  await problem(ask("GET", `entry?key=${"k".repeat(1025)}`), 400, "invalid-argument");
  await problem(ask("PUT", "entry?key=%00%zz", { body: "x" }), 400, "invalid-argument");
  await store.set("a+b c=d?e#", bytes("x"));
  for (const key of ["a%2Bb+c=d?e%23", "a%2bb%20c%3Dd%3Fe%23", "%61%2Bb+c%3dd?e%23#fragment"]) {
    assert.equal(await (await ask("GET", `entry?key=${key}`)).text(), "x", key);
  }
});

test("the mount does not matter, unless one is given", async () => {
  const store = memory();
  await store.set("a", bytes("x"));
  const anywhere = handler(store);
  const somewhere = handler(store, { base: "/some/where/" });
  const root = handler(store, { base: "/" });
  const get = (serve: typeof root, path: string): Promise<Response> => serve(new Request(`http://store.test${path}`));
  for (const path of ["/entry?key=a", "/some/where/entry?key=a", "/x//entry?key=a"]) {
    assert.equal((await get(anywhere, path)).status, 200, path);
  }
  assert.equal((await get(somewhere, "/some/where/entry?key=a")).status, 200);
  assert.equal((await get(root, "/entry?key=a")).status, 200);
  for (const path of ["/entry?key=a", "/some/entry?key=a", "/some/where/else/entry?key=a"]) {
    await problem(get(somewhere, path), 404, "invalid-argument");
  }
  await problem(get(root, "/some/entry?key=a"), 404, "invalid-argument");
});

test("a body that is too large is refused while it is read", async () => {
  const { ask, store } = pair({ handler: { maxBytes: 100 } });
  assert.equal((await ask("PUT", "entry?key=a", { body: "x".repeat(100) })).status, 204);
  await problem(ask("PUT", "entry?key=b", { body: "x".repeat(101) }), 413, "quota-exceeded");
  let pulled = 0;
  let cancelled = false;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      pulled++;
      controller.enqueue(new Uint8Array(30));
    },
    cancel: () => void (cancelled = true),
  });
  await problem(ask("PUT", "entry?key=b", { body, duplex: "half" } as RequestInit), 413, "quota-exceeded");
  assert.ok(pulled < 10 && cancelled);
  let read = false;
  const announced = new ReadableStream<Uint8Array>({ pull: () => void (read = true) }, { highWaterMark: 0 });
  const headers = { "content-length": "101" };
  await problem(
    ask("PUT", "entry?key=b", { body: announced, headers, duplex: "half" } as RequestInit),
    413,
    "quota-exceeded",
  );
  assert.equal(read, false);
  assert.equal(await store.has("b"), false);
});

test("a body that was cut on the way is not stored", async () => {
  const { ask, store } = pair();
  await problem(
    ask("PUT", "entry?key=a", { body: "half", headers: { "content-length": "8" } }),
    400,
    "invalid-argument",
  );
  const broken = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(bytes("half"));
      controller.error(new Error("reset"));
    },
  });
  await problem(ask("PUT", "entry?key=a", { body: broken, duplex: "half" } as RequestInit), 400, "invalid-argument");
  await problem(
    ask("PUT", "entry?key=a", { body: "x", headers: { "content-encoding": "gzip" } }),
    415,
    "invalid-argument",
  );
  await problem(
    ask("PUT", "entry?key=a", { body: "x", headers: { "content-range": "bytes 0-0/5" } }),
    415,
    "invalid-argument",
  );
  assert.equal(await store.has("a"), false);
});
