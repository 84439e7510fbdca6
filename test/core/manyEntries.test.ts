import assert from "node:assert/strict";
import { test } from "vitest";
import { memory, prefix, json } from "../../src/index.ts";

const count = 150_000;

test("calls about more keys than an engine passes on as arguments", async () => {
  const value = new Uint8Array(1);
  const store = memory();
  const keys = Array.from({ length: count }, (_, index) => `k/${index}`);
  await store.setMany(keys.map((key) => [key, value] as const));
  assert.equal((await store.list({ limit: count })).entries.length, count);
  assert.equal((await prefix(store, "k/").list({ limit: count })).entries.length, count);
  assert.equal((await json(store).list({ limit: count })).entries.length, count);
  assert.equal((await store.findMany(keys)).length, count);
  const watch = store.watch();
  assert.equal(await store.deleteMany(keys), count);
  for (let read = 0; read < count; read++) await watch.next();
  await store.close();
});
