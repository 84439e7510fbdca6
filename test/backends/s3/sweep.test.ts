import assert from "node:assert/strict";
import { test } from "vitest";
import { createClock } from "../../../src/testing/clock.ts";
import { prefix } from "../../../src/views/prefix.ts";
import { utf8 } from "../../support/bytes.ts";
import { strictS3 } from "../../support/strictS3.ts";
import { first, open } from "../../support/strictStore.ts";

test("a sweep costs what has expired, and forgets what was refreshed", async () => {
  const bucket = strictS3();
  const { now, advance } = createClock(2 ** 40);
  const store = open(bucket, undefined, { now });
  await store.setMany(Array.from({ length: 40 }, (_, index) => [`kept ${index}`, utf8("x"), { ttl: 3_600_000 }]));
  for (const each of ["a", "b", "c"]) await store.set(each, utf8("x"), { ttl: 1000 });
  await store.set("b", utf8("x"), { ttl: 3_600_000 });
  await store.set("c", utf8("x"));
  advance(1000);
  bucket.requests.length = 0;
  assert.equal(await store.sweep(), 1);
  // One listing, a look at each of three, the test of what the server heeds, one removal.
  assert.equal(bucket.requests.filter((each) => !each.includes(" p/")).length, 5);
  advance(100_000);
  bucket.requests.length = 0;
  assert.equal(await store.sweep(), 0);
  assert.deepEqual([...bucket.objects.keys()].filter((name) => /\/[abc]$/.test(name)).map((name) => name.slice(0, 1)).sort(), ["e", "v", "v"]); // prettier-ignore
  bucket.requests.length = 0;
  assert.equal(await store.sweep(), 0);
  assert.deepEqual(bucket.requests, ["GET "]);
  advance(3_700_000);
  assert.equal(await store.sweep(), 41);
  await store.sweep();
  assert.deepEqual([...bucket.objects.keys()], ["v/c"]);
});

test("a value that is written while its mark is swept is swept later", async () => {
  const bucket = strictS3();
  const { now, advance } = createClock(2 ** 40);
  const sweeper = open(bucket, undefined, { now });
  const late = first("PUT", async (request, send) => {
    // Long after its deadline: the sweep has seen a mark of nothing, and has taken it away.
    advance(200_000);
    await sweeper.sweep();
    assert.equal(bucket.objects.size, 0);
    return send(request);
  });
  await open(bucket, late, { now }).set("a", utf8("x"), { ttl: 1000 });
  assert.equal(await sweeper.sweep(), 1);
});

test("where a DELETE heeds no condition a read writes nothing about what has expired, and a sweep removes it", async () => {
  const bucket = strictS3({ deletesIf: false });
  const { now, advance } = createClock(2 ** 40);
  const store = open(bucket, undefined, { now });
  await store.set("a", utf8("x"), { ttl: 1000 });
  // The service is tried out here.
  assert.equal(await store.increment("n"), 1);
  advance(1000);
  bucket.requests.length = 0;
  assert.equal(await store.find("a"), undefined);
  assert.equal(await store.has("a"), false);
  assert.equal(await store.take("a"), undefined);
  assert.deepEqual(
    bucket.requests.filter((each) => /^(PUT|DELETE)/.test(each)),
    [],
  );
  assert.equal(await store.sweep(), 1);
  assert.equal(await store.sweep(), 0);
  assert.equal(await store.setIfAbsent("a", utf8("y"), { ttl: 1000 }), true);
});

test("a sweep of a view distinguishes long keys that begin alike, and looks at no others' objects", async () => {
  const bucket = strictS3();
  const { now, advance } = createClock(2 ** 40);
  const store = open(bucket, undefined, { now, sweepInterval: Infinity });
  const long = "x".repeat(180);
  for (const key of [`${long}a/1`, `${long}a/2`, `${long}b/1`, "a/1", "b/1"])
    await store.set(key, utf8("x"), { ttl: 1000 });
  advance(1000);
  assert.equal(await prefix(store, `${long}a/`).sweep(), 2);
  bucket.requests.length = 0;
  assert.equal(await prefix(store, "a/").sweep(), 1);
  assert.equal(bucket.requests.filter((each) => each.startsWith("HEAD ")).length, 1);
  assert.equal(await store.sweep(), 2);
});
