import assert from "node:assert/strict";
import { test } from "vitest";
import { memory } from "../../src/backends/memory.ts";
import { lentBy } from "../../src/core/lending.ts";
import type { Wire } from "../../src/core/link.ts";
import { remote } from "../../src/http/remote.ts";
import { cached } from "../../src/views/cached.ts";
import { json } from "../../src/views/json.ts";
import { prefix } from "../../src/views/prefix.ts";
import { mount } from "../support/pair.ts";

const wireOf = (store: { readonly entries: any }): Wire | undefined => lentBy(store, "entries");

test("a remote store lends its wire, and a view of a part adds its prefix", () => {
  const far = remote({ url: mount });
  const lent = wireOf(far)!;
  assert.equal(lent.prefix, "");
  const part = wireOf(prefix(prefix(far, "a/"), "b/"))!;
  assert.deepEqual([part.prefix, part.ask], ["a/b/", lent.ask]);
  // Two stores have each their own, and a view gives the store below it nothing.
  assert.notEqual(wireOf(remote({ url: mount }))!.ask, lent.ask);
  assert.equal(wireOf(far)!.prefix, "");
});

test("a view of other values lends no wire, wherever it stands; one that reads the same faster passes it on", () => {
  const far = remote({ url: mount });
  for (const view of [json(far), json(far, { prefix: "a/" }), prefix(json(far), "a/"), json(prefix(far, "a/"))])
    assert.equal(wireOf(view), undefined);
  assert.equal(wireOf(cached(far, { maxBytes: 1000 })), wireOf(far));
  assert.equal(wireOf(prefix(cached(far, { maxBytes: 1000 }), "a/"))!.prefix, "a/");
});

test("no other store has a wire, nor what is none", () => {
  const four = { ...memory(), entries: undefined as never };
  for (const store of [memory(), prefix(memory(), "a/"), four, prefix(four, "a/")])
    assert.equal(wireOf(store), undefined);
});
