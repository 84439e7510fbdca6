import assert from "node:assert/strict";
import { test } from "vitest";
import type { Lines, Polled } from "../../../src/http/wire.ts";
import { bytes, pair } from "../../support/pair.ts";
import { until } from "../../support/until.ts";

test("a key that is a scope's prefix is nothing of the scope, and stops neither its listings nor its watches", async () => {
  const { ask, far, store } = pair({ handler: { authorize: () => ({ prefix: "mine/" }) } });
  const poll = async (query: string): Promise<Polled> =>
    (await (await ask("GET", `changes?${query}`, { headers: { accept: "application/json" } })).json()) as Polled;
  const watch = far.watch();
  const seen = watch.next();
  await far.findMany([]);
  const { last } = await poll("");
  await store.set("mine/", bytes("x"));
  await store.set("mine/a", bytes("x"));
  assert.deepEqual((await seen).value, { type: "set", key: "a" });
  await watch.return!();
  await until(async () => (await poll(`after=${last}`)).changes.length);
  assert.deepEqual((await poll(`after=${last}`)).changes, [{ type: "set", key: "a" }]);
  for (const query of ["", "limit=1", "tags=1", "tags=1&limit=1"]) {
    const { entries } = (await (await ask("GET", `entries?${query}`)).json()) as Lines;
    assert.deepEqual(entries.map(({ key }) => key), ["a"], query); // prettier-ignore
  }
  assert.equal((await far.list({ limit: 1 })).entries[0]?.key, "a");
});
