import assert from "node:assert/strict";
import { test } from "vitest";
import { text, utf8 } from "../../support/bytes.ts";
import { strictS3 } from "../../support/strictS3.ts";
import { open, rejects } from "../../support/strictStore.ts";

test("where a PUT heeds no condition, atomic calls say so, and the others work", async () => {
  const bucket = strictS3({ putsIf: false, deletesIf: false });
  const store = open(bucket);
  await rejects(store.increment("n"), "unsupported", /If-Match/);
  await rejects(store.setIfAbsent("a", utf8("x")), "unsupported");
  await store.set("a", utf8("x"));
  assert.equal(text(await store.find("a")), "x");
  await store.delete("a");
  await rejects(store.delete("a"), "not-found");
  assert.deepEqual([...bucket.objects.keys()], []);
});

test("what a server makes of conditions is found out once, and leaves nothing", async () => {
  const bucket = strictS3();
  const store = open(bucket);
  await Promise.all([store.increment("n"), store.increment("m"), store.take("k")]);
  assert.equal(bucket.requests.filter((each) => each.startsWith("PUT p/")).length, 4);
  assert.deepEqual([...bucket.objects.keys()].sort(), ["v/m", "v/n"]);
});
