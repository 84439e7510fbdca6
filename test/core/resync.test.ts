import assert from "node:assert/strict";
import { test } from "vitest";
import { createHub, createSharedHub } from "../../src/core/hub.ts";
import { json, prefix, type Store } from "../../src/index.ts";
import { watched } from "../support/watched.ts";

const resync = { done: false, value: { type: "resync" } };
const views: Record<string, (store: Store) => Store<any>> = {
  store: (store) => store,
  prefix: (store) => prefix(store, "a/"),
  "prefix of a prefix": (store) => prefix(prefix(store, "a/"), "b/"),
  json: (store) => json(store, { prefix: "a/" }),
};

for (const [name, view] of Object.entries(views)) {
  test(`${name}: changes that may have been missed are reported to every watch, and it goes on`, async () => {
    const { store, observers } = watched();
    const seen = view(store);
    const all = seen.watch();
    const some = seen.watch({ prefix: "nothing has it" });
    // Answered when the watches have begun.
    await seen.findMany([]);
    for (const observer of observers) observer.resync();
    assert.deepEqual(await Promise.all([all.next(), some.next()]), [resync, resync]);
    for (const observer of observers) observer.changed({ type: "set", key: "a/b/key" });
    const { value } = await all.next();
    assert.equal(value.type, "set");
    await store.close();
    assert.equal((await some.next()).done, true);
  });
}

test("a hub reports them to its own observers", () => {
  for (const hub of [createHub(), createSharedHub("resync")]) {
    let count = 0;
    const stop = hub.watch({ changed() {}, resync: () => count++, failed() {} });
    hub.resync();
    stop();
    hub.resync();
    hub.close();
    assert.equal(count, 1);
  }
});
