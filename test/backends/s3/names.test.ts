import assert from "node:assert/strict";
import { test } from "vitest";
import * as fc from "fast-check";
import { createNames } from "../../../src/backends/s3/names.ts";
import { anyKey } from "../../support/anyKey.ts";

test("different keys have different names, which are plain and show the key or a part of it", async () => {
  const { ofKey, keyOf, ofPrefix } = createNames("some/prefix/");
  const seen = new Map<string, string>();
  await fc.assert(
    fc.asyncProperty(anyKey, fc.nat(300), async (each, length) => {
      const name = await ofKey(each);
      assert.match(name, /^some\/prefix\/v\/[\w!-][\w.!-]{0,199}$/);
      assert.equal(seen.get(name) ?? each, each);
      seen.set(name, each);
      assert.ok([each, undefined].includes(keyOf(name)));
      assert.equal(keyOf(name) === undefined, name.includes("!!"));
      const prefix = Array.from(each).slice(0, length).join("");
      assert.ok(name.startsWith(ofPrefix(prefix)));
    }),
    { numRuns: 500 },
  );
});

test("a name that no key has is nobody's", () => {
  const { keyOf } = createNames("");
  for (const name of ["v/", "v/a/b", "v/!41", "v/!ff", "v/a!", "v/a!!b", "v/.a", "v/a b", "v/!2F", "v/ü"]) {
    assert.equal(keyOf(name), undefined, name);
  }
});
