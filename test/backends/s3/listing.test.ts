import assert from "node:assert/strict";
import { test } from "vitest";
import { isStoreError } from "../../../src/core/error.ts";
import { createClock } from "../../../src/testing/clock.ts";
import { text, utf8 } from "../../support/bytes.ts";
import { strictS3 } from "../../support/strictS3.ts";
import { open, rejects } from "../../support/strictStore.ts";

test("more objects than a page holds are listed, and listing them again asks for their deadlines no more", async () => {
  const bucket = strictS3();
  const { now, advance } = createClock();
  // No sweep comes in between, however long this takes.
  const store = open(bucket, undefined, { now, sweepInterval: Infinity });
  const keys = Array.from({ length: 1200 }, (_, index) => `${index % 2 ? "k" : "ü".repeat(100)} ${index}`);
  await store.setMany(keys.map((each, index) => [each, utf8("x"), index % 5 ? {} : { ttl: 1000 }]));
  const list = async (prefix = ""): Promise<string[]> => {
    const seen: string[] = [];
    for await (const each of store.keys({ prefix })) seen.push(each);
    return seen.sort();
  };
  assert.deepEqual(await list(), [...keys].sort());
  assert.deepEqual(await list("ü".repeat(90)), keys.filter((each) => each.startsWith("ü")).sort());
  bucket.requests.length = 0;
  advance(1000);
  assert.deepEqual(await list(), keys.filter((_, index) => index % 5).sort());
  assert.deepEqual([...new Set(bucket.requests)], ["GET "]);
});

test("what others have put among the values is listed, refused, and can be removed", async () => {
  const bucket = strictS3();
  const store = open(bucket);
  await store.set("a", utf8("x"));
  bucket.objects.set("v/b", { body: utf8("y"), etag: '"e"', headers: {} });
  bucket.objects.set("v/folder/file", { body: utf8("y"), etag: '"e"', headers: {} });
  assert.deepEqual((await store.list()).entries.map((entry) => entry.key), ["a", "b"]); // prettier-ignore
  await rejects(store.get("b"), "cant-decode");
  await rejects(store.has("b"), "cant-decode");
  assert.equal(await store.deleteMany(["a", "b"]), 2);
  await store.clear();
  assert.equal(bucket.objects.size, 0);
});

test("stores share a bucket by their prefixes", async () => {
  const bucket = strictS3();
  const [one, other] = [open(bucket, undefined, { prefix: "one/" }), open(bucket, undefined, { prefix: "other/" })];
  await one.set("a", utf8("1"), { ttl: 1000 });
  await other.set("a", utf8("2"));
  await other.clear();
  assert.equal(text(await one.get("a")), "1");
  assert.equal(await other.find("a"), undefined);
});

test("a cursor is a position within the prefix that is asked for, whatever it is, and shows nothing of that", async () => {
  const store = open(strictS3());
  // Of the long ones not all is in the name of an object.
  const prefixes = ["tenant-a/", "tenant-b/", `${"ü".repeat(30)}a/`, `${"ü".repeat(30)}b/`];
  const names = ["", "1", "2 ü", "3", "long ".repeat(50), `${"long ".repeat(50)}2`];
  await store.setMany(prefixes.flatMap((prefix) => names.map((name) => [prefix + name, utf8("x")] as const)));
  const cursors = ["", "tenant-a/1", "v/tenant-b!2f1", "\0", "\uffff", "a".repeat(5000)];
  for (const prefix of prefixes) {
    const seen: string[] = [];
    for (let cursor: string | undefined; ;) {
      const page = await store.list({ prefix, limit: 1, cursor });
      seen.push(...page.entries.map(({ key }) => key));
      if (page.cursor === undefined) break;
      cursor = page.cursor;
      // It is the rest of the last key that was shown.
      assert.equal(prefix + cursor, seen.at(-1));
      cursors.push(cursor);
    }
    assert.deepEqual(seen.sort(), names.map((name) => prefix + name).sort());
  }
  for (const prefix of [...prefixes, "none/"]) {
    for (const cursor of cursors) {
      for (const { key } of (await store.list({ prefix, cursor })).entries) assert.ok(key.startsWith(prefix), key);
    }
  }
  // Half a character is none.
  await assert.rejects(store.list({ cursor: "\ud800" }), (error) => isStoreError(error, "invalid-argument"));
});

test("a listing that leads no further is an outage", async () => {
  const store = open(strictS3(), async (request, send) => {
    const answer = await send(request);
    if (!new URL(request.url).searchParams.has("list-type")) return answer;
    return new Response((await answer.text()).replace("<IsTruncated>false", "<IsTruncated>true"), answer);
  });
  await rejects(store.list(), "unavailable");
  await store.set("a", utf8("x"));
  await rejects(store.clear(), "unavailable");
});
