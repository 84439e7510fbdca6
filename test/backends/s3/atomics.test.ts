import assert from "node:assert/strict";
import { test } from "vitest";
import { text, utf8 } from "../../support/bytes.ts";
import { refuse, strictS3 } from "../../support/strictS3.ts";
import { first, isValue, open, rejects, type Between } from "../../support/strictStore.ts";

const lost: readonly [string, Between][] = [
  ["500", async (request, send) => (await send(request), refuse(500, "InternalError"))],
  ["reset", async (request, send) => { await send(request); throw new TypeError("fetch failed"); }],
  ["a stranger's page", async (request, send) => (await send(request), new Response("<html></html>"))],
]; // prettier-ignore

for (const [name, fault] of lost) {
  test(`what was written though its answer was lost (${name}) is written once, and reported so`, async () => {
    const bucket = strictS3();
    const store = open(bucket, first("PUT", fault));
    assert.equal(await store.increment("n"), 1);
    const again = open(bucket, first("PUT", fault));
    assert.equal(await again.increment("n"), 2);
    assert.equal(await open(bucket, first("PUT", fault)).compareAndSet("n", utf8("2"), utf8("3")), true);
    assert.equal(await open(bucket, first("PUT", fault)).setIfAbsent("new", utf8("x")), true);
    assert.equal(text(await again.get("n")), "3");
    await open(bucket, first("DELETE", fault)).delete("n");
    assert.equal(await again.has("n"), false);
  });

  test(`what was written over since its answer was lost (${name}) is not written again`, async () => {
    const bucket = strictS3();
    const other = open(bucket);
    await other.set("n", utf8("5"));
    const late = (then: () => Promise<unknown>): Between =>
      first("PUT", async (request, send, count) => {
        await send(request);
        await then();
        return fault(request, async () => new Response(), count);
      });
    // The other's object shows that it was written over ours.
    const counted = open(
      bucket,
      late(() => other.increment("n", -1)),
    );
    assert.equal(await counted.increment("n"), 6);
    assert.equal(text(await other.get("n")), "5");
    // A set shows nothing of what it was written over.
    const blind = open(
      bucket,
      late(() => other.set("n", utf8("5"))),
    );
    await rejects(blind.increment("n"), "conflict", /Cannot know/);
    assert.equal(text(await other.get("n")), "5");
  });
}

test("what was not written though others have is written after them", async () => {
  const bucket = strictS3();
  const other = open(bucket);
  await other.set("n", utf8("5"));
  const refused = first("PUT", async () => {
    await other.increment("n", 10);
    return refuse(500, "UnknownError");
  });
  assert.equal(await open(bucket, refused).increment("n"), 16);
});

test("a value taken though its answer was lost is nobody else's", async () => {
  const bucket = strictS3();
  await open(bucket).set("a", utf8("x"));
  const [, fault] = lost[0]!;
  await rejects(open(bucket, first("DELETE", fault)).take("a"), "conflict", /Cannot know/);
  assert.equal(await open(bucket).take("a"), undefined);
  // Where it leaves an object in its place, that shows whose it was.
  const plain = strictS3({ deletesIf: false });
  await open(plain).set("a", utf8("x"));
  assert.equal(text(await open(plain, first("PUT", fault)).take("a")), "x");
});

test("increments of many stores on one bucket are exact", async () => {
  const bucket = strictS3();
  const stores = Array.from({ length: 5 }, () => open(bucket));
  await Promise.all(Array.from({ length: 50 }, (_, index) => stores[index % 5]!.increment("n")));
  assert.equal(await stores[0]!.increment("n", 0), 50);
});

test("a call that is outrun for ever says so", async () => {
  const bucket = strictS3();
  const other = open(bucket);
  const store = open(bucket, async (request, send) => {
    if (request.method === "PUT" && isValue(request)) await other.set("n", utf8(`${Math.random()}`));
    return send(request);
  });
  await rejects(store.increment("n"), "conflict", /do so less/);
});
