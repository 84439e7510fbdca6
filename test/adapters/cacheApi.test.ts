// What the Cases do not say, on a Cache in memory without keys. Those of Deno, of engines and of workerd run in their own tests.
import assert from "node:assert/strict";
import { onTestFinished, test, vi } from "vitest";
import { cacheApi, type CacheLike } from "../../src/adapters/cacheApi.ts";
import { isStoreError } from "../../src/core/error.ts";
import { createClock } from "../../src/testing.ts";
import { text, utf8 } from "../support/bytes.ts";
import { until } from "../support/until.ts";

function createCache(): CacheLike & { readonly kept: Map<string, Response> } {
  const kept = new Map<string, Response>();
  const normal = (url: string): string => new Request(url).url;
  return {
    kept,
    match: async (url) => kept.get(normal(url))?.clone(),
    put: async (url, response) => void kept.set(normal(url), response),
    delete: async (url) => kept.delete(normal(url)),
  };
}

test("a deadline is exact, and a cache at the edge is given the whole seconds up to it", async () => {
  const clock = createClock();
  const cache = createCache();
  const store = cacheApi(cache, { now: clock.now });
  await store.setMany([["short", utf8("x"), { ttl: 1 }], ["odd", utf8("x"), { ttl: 1001 }], ["plain", utf8("x")]]); // prettier-ignore
  const ages = [...cache.kept.values()].map(({ headers }) => headers.get("cache-control"));
  assert.deepEqual(ages, ["max-age=1", "max-age=2", "max-age=31536000"]);
  clock.advance(1);
  assert.deepEqual([await store.find("short"), await store.has("short")], [undefined, false]);
  assert.deepEqual((await store.entry("odd"))?.expiresAt, clock.now() + 1000);
});

test("every key has an address of its own, whatever an address makes of it", async () => {
  const cache = createCache();
  const store = cacheApi(cache, { url: "https://app.example/values/" });
  const keys = [
    ".",
    "..",
    "%2e",
    "%2E",
    "a/b",
    "a%2Fb",
    "a?b",
    "a#b",
    "A",
    "a",
    "a b",
    "a+b",
    "\0",
    "=",
    "\\",
    "é".repeat(512),
  ];
  for (const key of keys) await store.set(key, utf8(`value of ${key}`));
  for (const key of keys) assert.equal(text(await store.get(key)), `value of ${key}`);
  assert.equal(cache.kept.size, keys.length);
  assert.ok([...cache.kept.keys()].every((url) => url.startsWith("https://app.example/values/=")));
  const other = cacheApi(cache);
  assert.equal(await other.find("a"), undefined);
  await cache.put("https://app.example/values/=app", new Response("app's"));
  assert.deepEqual(await store.entry("app"), { value: utf8("app's"), expiresAt: Infinity });
});

test("a value that was cut off is cant-decode, and can be replaced", async () => {
  const cache = createCache();
  const store = cacheApi(cache);
  await store.set("key", utf8("value"));
  const [[url, { headers }]] = [...cache.kept] as [[string, Response]];
  await cache.put(url, new Response("val", { headers }));
  await assert.rejects(store.get("key"), (error) => isStoreError(error, "cant-decode") && error.key === "key");
  await store.set("key", utf8("again"));
  assert.equal(text(await store.get("key")), "again");
});

test("a failure is never a miss, and a full cache says so", async () => {
  const full = new DOMException("It is full", "QuotaExceededError");
  const cache: CacheLike = {
    match: () => Promise.reject(new Error("It broke")),
    put: () => Promise.reject(full),
    delete: () => Promise.reject(new Error("It broke")),
  };
  const store = cacheApi(cache);
  await assert.rejects(store.find("key"), (error) => isStoreError(error, "unavailable"));
  await assert.rejects(store.delete("key"), (error) => isStoreError(error, "unavailable"));
  await assert.rejects(store.set("key", utf8("x")), (error) => isStoreError(error, "quota-exceeded"));
});

test("a call that was given up undoes no later one, also without locks", async () => {
  vi.stubGlobal("navigator", undefined);
  onTestFinished(() => void vi.unstubAllGlobals());
  const cache = createCache();
  let release = (): void => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  let isHeld = false;
  const slow: CacheLike = {
    ...cache,
    async delete(url) {
      isHeld = true;
      await held;
      return cache.delete(url);
    },
  };
  await cacheApi(cache).set("key", utf8("old"));
  const store = cacheApi(slow);
  const controller = new AbortController();
  const deleting = store.delete("key", { signal: controller.signal });
  await until(() => isHeld);
  controller.abort(new Error("enough"));
  await assert.rejects(deleting, /enough/);
  const writing = store.set("key", utf8("new"));
  release();
  await writing;
  await store.close();
  assert.equal(text(await cacheApi(cache).find("key")), "new");
});

test("without keys a cache lists nothing and is not persistent, and what is no cache is bad-config", async () => {
  const store = cacheApi(createCache());
  assert.equal(store.isPersistent(), false);
  await assert.rejects(store.list(), (error) => isStoreError(error, "unsupported"));
  for (const none of [undefined, {}, new Map()]) {
    assert.throws(() => cacheApi(none as never), /cache must be a Cache with "\w+"/);
  }
  for (const url of ["", "ftp://a/", "https://a/b", "https://a/?b/", "https://a/../", 7] as string[]) {
    assert.throws(() => cacheApi(createCache(), { url }), /"url" must be an http or https URL that ends in "\/"/);
  }
});
