import assert from "node:assert/strict";
import { test } from "vitest";
import { valkeyFactory } from "../../../src/backends/valkey.ts";
import { readAddress, readSentinel } from "../../../src/backends/valkey/config.ts";
import { isStoreError } from "../../../src/core/error.ts";

const good: [what: string, parameters: object][] = [
  ["a URL", { url: "redis://localhost" }],
  ["a URL of Valkey's", { url: "valkeys://user:p%40ss@[::1]:7000/3" }],
  ["a socket", { url: "unix:///run/valkey.sock" }],
  ["a URL that leaves it open by which protocol", { url: "redis://a?family=0" }],
  ["nodes of a cluster", { url: ["redis://a:1", "redis://b:2"], cluster: true }],
  ["one node of a cluster", { url: "redis://a:1", cluster: true, db: 0 }],
  ["sentinels", { sentinel: { masterName: "m", addr: ["a:26379", "rediss://b"] }, db: 3 }],
  ["TLS", { url: "redis://a", tls: { ca: "…" } }],
  ["a prefix with a tag", { url: "redis://a", prefix: "{app}/" }],
];
for (const [what, parameters] of good) {
  test(`a store can be described by ${what}`, () => {
    assert.deepEqual(valkeyFactory.valid(parameters), parameters);
  });
}

const bad: [what: string, parameters: unknown, message: RegExp][] = [
  ["nothing", {}, /"url" must be a URL such as redis:/],
  ["something else than a URL", { url: "foo" }, /"url" must be a URL such as .*, got "foo"/],
  ["another scheme", { url: "http://a" }, /"url" must be/],
  ["a name for a database", { url: "redis://a/x" }, /"url" must be/],
  ["a search", { url: "redis://a?x" }, /"url" must be .* with nothing behind "\?" but family=0, 4 or 6/],
  ["an unknown family", { url: "redis://a?family=5" }, /but family=0, 4 or 6, got "redis:\/\/a\?family=5"/],
  ["more than a family", { url: "redis://a?family=4&db=2" }, /but family=0, 4 or 6/],
  ["two families", { url: "redis://a?family=4&family=6" }, /but family=0, 4 or 6/],
  ["a family beside a password", { url: "redis://u:secret-word@a?family=x" }, /family=0, 4 or 6$/],
  ["several that are no cluster", { url: ["redis://a", "redis://b"] }, /"url" must be/],
  ["two ways", { url: "redis://a", sentinel: { masterName: "m", addr: "a" } }, /"url" must be left out beside/],
  ["a cluster of sentinels", { sentinel: { masterName: "m", addr: "a" }, cluster: true }, /"cluster" must be left out/],
  ["a sentinel without a name", { sentinel: { addr: "a:1" } }, /"sentinel" must be an object with masterName/],
  ["another database of a cluster", { url: "redis://a", cluster: true, db: 1 }, /"db" must be 0 in a cluster, got 1/],
  ["an open tag", { url: "redis://a", prefix: "{app" }, /"prefix" must be .*, got "\{app"/],
  ["no time", { url: "redis://a", timeout: 0 }, /"timeout" must be a number of ms above 0, got 0/],
  ["a strange client", { client: {} }, /"client" must be a client of ioredis/],
  ["an unknown parameter", { url: "redis://a", host: "b" }, /"host" must be left out/],
  ["no object", 5, /parameters must be an object/],
];
for (const [what, parameters, message] of bad) {
  test(`a store cannot be described by ${what}`, () => {
    assert.throws(
      () => valkeyFactory.valid(parameters),
      (error: unknown) => isStoreError(error, "bad-config") && message.test(error.message),
    );
  });
}

test("all problems are reported at once, and no password", () => {
  const parameters = { url: "redi://user:secret-word@a", password: 5, tls: "secret-word", db: -1, timeout: "x" };
  assert.throws(
    () => valkeyFactory.valid(parameters),
    (error: unknown) => {
      assert.ok(isStoreError(error, "bad-config"));
      for (const name of ["url", "password", "tls", "db", "timeout"]) assert.match(error.message, new RegExp(`"${name}"`)); // prettier-ignore
      assert.doesNotMatch(error.message, /secret-word/);
      return true;
    },
  );
});

test("the protocol of a URL is the client's family", () => {
  const families = (["", "?family=0", "?family=4", "?family=6"] as const).map((search) => [
    readAddress(`redis://a${search}`)!.family,
    readSentinel(`a:1${search}`)!.family,
  ]);
  assert.deepEqual(families, [[undefined, undefined], [0, 0], [4, 4], [6, 6]]); // prettier-ignore
});
