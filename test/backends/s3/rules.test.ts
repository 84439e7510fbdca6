import assert from "node:assert/strict";
import { test } from "vitest";
import { s3Factory } from "../../../src/backends/s3.ts";
import { isStoreError } from "../../../src/core/error.ts";

test("all problems are reported at once, and no secret", () => {
  const wrong = {
    bucketName: "A_b",
    pathStyle: "yes",
    endpoint: "https://user:hidden@host",
    region: "",
    secretAccessKey: "hidden\n",
    sessionToken: "hid den",
    prefix: "/a",
    timeout: 0,
    attempts: 0,
    fetch: 1,
    surplus: 1,
  };
  assert.throws(
    () => s3Factory.valid(wrong),
    (error: Error) => {
      assert.ok(isStoreError(error, "bad-config"));
      for (const name of [...Object.keys(wrong), "accessKeyId"]) assert.match(error.message, new RegExp(`"${name}"`));
      assert.doesNotMatch(error.message, /hid/);
      return true;
    },
  );
  for (const prefix of ["..", "a/../b", "./a", "a//b", "/", "a".repeat(513), "a b", "ü"]) {
    assert.throws(() => s3Factory.valid({ bucketName: "bucket", prefix }), /"prefix"/, prefix);
  }
  for (const prefix of ["", "a", "a/", "a/b.c/d-", ".a", "a".repeat(512)]) {
    s3Factory.valid({ bucketName: "bucket", prefix });
  }
});
