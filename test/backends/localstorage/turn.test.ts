// Calls that are made in the midst of an atomic one, on a Storage that only this process has.
import assert from "node:assert/strict";
import { test } from "vitest";
import { localstorage } from "../../../src/index.ts";
import { utf8 } from "../../support/bytes.ts";
import { openIn } from "../../support/localStorage.ts";

test("what is asked for in the midst of an atomic call comes after it, and before what is asked for then", async () => {
  const [store, storage] = openIn();
  const other = localstorage({ storage });
  await store.set("n", utf8("1"));
  const nested: Promise<unknown>[] = [];
  const updating = store.update("n", () => {
    nested.push(store.increment("n"), other.increment("n", 10), store.set("m", utf8("nested")));
    return utf8("5");
  });
  const last = store.increment("n", 100);
  assert.deepEqual(await updating, utf8("5"));
  assert.deepEqual(await Promise.all(nested), [6, 16, undefined]);
  assert.equal(await last, 116);
  assert.deepEqual(await other.get("m"), utf8("nested"));
  await store.update("n", () => {
    nested.push(store.take("n"));
    return utf8("taken");
  });
  assert.deepEqual(await nested.at(-1), utf8("taken"));
  assert.equal(await store.has("n"), false);
});

test("a call that fails lets go of its turn, and what waited for it is done", async () => {
  const [store] = openIn();
  let nested: Promise<number> | undefined;
  await assert.rejects(
    () =>
      store.update("n", () => {
        nested = store.increment("n");
        throw new RangeError("no");
      }),
    RangeError,
  );
  assert.equal(await nested, 1);
  assert.equal(await store.increment("n"), 2);
});
