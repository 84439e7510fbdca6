import assert from "node:assert/strict";
import { test } from "vitest";
import { bytes, pair } from "../../support/pair.ts";
import { problem } from "../../support/problem.ts";

test("a listing comes in pages, no longer than the limit", async () => {
  const { ask, store, clock } = pair({ handler: { maxItems: 2 } });
  await store.setMany([
    ["a/1", bytes("x")],
    ["a/2", bytes("xy"), { ttl: 1000 }],
    ["a/3", bytes("")],
    ["b", bytes("")],
  ]);
  clock.advance(1);
  const first = (await (await ask("GET", "entries?prefix=a%2F&limit=100")).json()) as {
    entries: unknown;
    cursor: string;
  };
  assert.deepEqual(first.entries, [
    { key: "a/1", ttl: null, size: 1 },
    { key: "a/2", ttl: 999, size: 2 },
  ]);
  const second = await (await ask("GET", `entries?prefix=a%2F&cursor=${encodeURIComponent(first.cursor)}`)).json();
  assert.deepEqual(second, { entries: [{ key: "a/3", ttl: null, size: 0 }] });
  for (const limit of ["0", "-1", "1.5", "many", "", "1e3"])
    await problem(ask("GET", `entries?limit=${limit}`), 400, "invalid-argument");
  await problem(ask("GET", "entries?prefix=%ff"), 400, "invalid-argument");
});

test("clearing everything has to be said", async () => {
  const { ask, store } = pair();
  await store.setMany([
    ["a", bytes("")],
    ["ab", bytes("")],
    ["b", bytes("")],
  ]);
  await problem(ask("DELETE", "entries"), 400, "invalid-argument");
  await problem(ask("DELETE", "entries?prefx=a"), 400, "invalid-argument");
  assert.equal((await ask("DELETE", "entries?prefix=a")).status, 204);
  assert.deepEqual(
    (await store.list()).entries.map(({ key }) => key),
    ["b"],
  );
  assert.equal((await ask("DELETE", "entries?prefix=")).status, 204);
  assert.deepEqual((await store.list()).entries, []);
});
