import assert from "node:assert/strict";
import { test } from "vitest";
import type { S3Options } from "../../../src/backends/s3.ts";
import { text, utf8 } from "../../support/bytes.ts";
import { strictS3 } from "../../support/strictS3.ts";
import { open } from "../../support/strictStore.ts";

test("the bucket is named in the host or in the path", async () => {
  const addresses: [Partial<S3Options>, string][] = [
    [{}, "http://s3.test/bucket/"],
    [{ pathStyle: false }, "http://bucket.s3.test/"],
    [{ endpoint: "http://s3.test:9/" }, "http://s3.test:9/bucket/"],
    [{ endpoint: undefined }, "https://bucket.s3.us-east-1.amazonaws.com/"],
    [{ endpoint: undefined, region: "cn-north-1" }, "https://bucket.s3.cn-north-1.amazonaws.com.cn/"],
    [{ endpoint: undefined, pathStyle: true }, "https://s3.us-east-1.amazonaws.com/bucket/"],
    [{ endpoint: undefined, bucketName: "my.bucket" }, "https://s3.us-east-1.amazonaws.com/my.bucket/"],
  ];
  for (const [options, address] of addresses) {
    const { region = "us-east-1", bucketName = "bucket" } = options;
    const bucket = strictS3({ region, bucketName });
    let url = "";
    const store = open(
      bucket,
      (request, send) => {
        url = request.url;
        return send(request);
      },
      options,
    );
    await store.set("a/b c+d", utf8("x"));
    assert.equal(url, `${address}v/a!2fb!20c!2bd`);
    assert.equal(text(await store.get("a/b c+d")), "x");
  }
});
