import assert from "node:assert/strict";
import { test } from "vitest";
import { s3 } from "../../../src/backends/s3.ts";
import { text, utf8 } from "../../support/bytes.ts";
import { strictCredentials, strictS3 } from "../../support/strictS3.ts";
import { endpoint } from "../../support/strictStore.ts";

test("without keys of its own a store takes those of the environment", async () => {
  const names = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION"];
  const before = names.map((name) => [name, process.env[name]] as const);
  for (const name of names) delete process.env[name];
  try {
    assert.throws(() => s3({ bucketName: "bucket" }), /AWS_ACCESS_KEY_ID/);
    process.env.AWS_ACCESS_KEY_ID = strictCredentials.accessKeyId;
    process.env.AWS_SECRET_ACCESS_KEY = strictCredentials.secretAccessKey;
    process.env.AWS_SESSION_TOKEN = "token+/=";
    process.env.AWS_REGION = "eu-north-1";
    const bucket = strictS3({ region: "eu-north-1", sessionToken: "token+/=" });
    const store = s3({ bucketName: "bucket", endpoint, fetch: (url, init) => bucket.fetch(new Request(url, init)) });
    await store.set("a", utf8("x"));
    assert.equal(text(await store.get("a")), "x");
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
});
