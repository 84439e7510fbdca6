import assert from "node:assert/strict";
import { test } from "vitest";
import type { StoreErrorCode } from "../../../src/core/error.ts";
import { utf8 } from "../../support/bytes.ts";
import { refuse, strictS3 } from "../../support/strictS3.ts";
import { open, rejects, type Between } from "../../support/strictStore.ts";

test("only that there is no such object is a miss", async () => {
  const page = "<html><body>Not found</body></html>";
  const failures: [() => Response, StoreErrorCode, RegExp?][] = [
    [() => refuse(404, "NoSuchBucket"), "bad-config", /an existing bucket/],
    [() => new Response(page, { status: 404 }), "unavailable"],
    [() => new Response(null, { status: 404 }), "unavailable"],
    [() => new Response(page), "unavailable"],
    [() => new Response(page, { headers: { etag: '"1"' } }), "cant-decode"],
    [() => refuse(403, "AccessDenied"), "unauthorized"],
    [() => refuse(403, "InvalidAccessKeyId"), "unauthorized"],
    [() => refuse(400, "ExpiredToken"), "unauthorized"],
    [() => refuse(403, "RequestTimeTooSkewed", "GET", { date: new Date(Date.now() - 3_600_000).toUTCString() }), "unauthorized", /clock.+60 min/],
    [() => refuse(301, "PermanentRedirect", "GET", { "x-amz-bucket-region": "eu-west-1" }), "bad-config", /"eu-west-1"/],
    [() => refuse(500, "InternalError"), "unavailable", /status 500/],
    [() => refuse(503, "SlowDown"), "unavailable"],
    [() => refuse(501, "NotImplemented"), "unsupported"],
  ]; // prettier-ignore
  for (const [failure, code, message] of failures) {
    const store = open(strictS3(), (request) => {
      const response = failure();
      return request.method === "HEAD" ? new Response(null, response) : response;
    }, { attempts: 2 }); // prettier-ignore
    const calls = [() => store.find("a"), () => store.has("a"), () => store.get("a"), () => store.findMany(["a"])];
    for (const call of calls) await rejects(call(), code, message);
    await rejects(store.list(), code === "cant-decode" ? "unavailable" : code);
    if (code !== "cant-decode") await rejects(store.delete("a"), code);
  }
});

test("a write is acknowledged only by an answer that S3 gives to it", async () => {
  for (const answer of [
    new Response("<html></html>"),
    new Response("ok", { headers: { etag: '"1"' } }),
    new Response(),
  ]) {
    const store = open(strictS3(), () => answer.clone(), { attempts: 2 });
    await rejects(store.set("a", utf8("x")), "unavailable");
    await rejects(store.increment("a"), "unavailable");
  }
});

test("a full service is reported as a quota", async () => {
  for (const response of [refuse(400, "EntityTooLarge"), refuse(403, "QuotaExceeded"), refuse(507, "XMinioStorageFull"), new Response("", { status: 413 })]) {
    await rejects(open(strictS3(), () => response).set("a", utf8("x")), "quota-exceeded");
  } // prettier-ignore
});

test("a signature that is wrong in any way opens nothing", async () => {
  const bucket = strictS3();
  await rejects(
    open(bucket, undefined, { secretAccessKey: "another" }).find("a"),
    "unauthorized",
    /SignatureDoesNotMatch/,
  );
  await rejects(open(bucket, undefined, { accessKeyId: "another" }).find("a"), "unauthorized", /InvalidAccessKeyId/);
  await rejects(open(bucket, undefined, { region: "eu-west-1" }).find("a"), "bad-config", /"us-east-1"/);
  await rejects(open(bucket, undefined, { sessionToken: "token" }).find("a"), "unauthorized", /InvalidToken/);
  await rejects(open(bucket, undefined, { bucketName: "another" }).find("a"), "bad-config", /NoSuchBucket/);
  const changed: Between = (request, send) =>
    send(request.method === "PUT" ? new Request(request, { method: "PUT", body: utf8("y") }) : request);
  await rejects(open(bucket, changed).set("a", utf8("x")), "unavailable", /XAmzContentSHA256Mismatch/);
  assert.equal(bucket.objects.size, 0);
});
