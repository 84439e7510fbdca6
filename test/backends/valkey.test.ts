import assert from "node:assert/strict";
import { test } from "vitest";
import { isLost, isPassing, valkeyError } from "../../src/backends/valkey/error.ts";
import { slotCount, slotOf, tagIn, tagOf } from "../../src/backends/valkey/slots.ts";
import { valkeyFactory } from "../../src/backends/valkey.ts";
import { isStoreError, type StoreError } from "../../src/core/error.ts";

test("a key is in the slot that the specification of the cluster says", () => {
  // Of the check sum the specification itself gives 31C3 for this text.
  assert.equal(slotOf("123456789"), 0x31c3);
  assert.equal(slotOf("foo"), 12_182);
  assert.equal(slotOf("{user1000}.following"), slotOf("user1000"));
  assert.equal(slotOf("foo{{bar}}zap"), slotOf("{bar"));
  assert.equal(slotOf("foo{bar}{zap}"), slotOf("bar"));
  assert.equal(tagOf("foo{}{bar}"), undefined);
  assert.equal(tagOf("foo{bar"), undefined);
  for (let slot = 0; slot < slotCount; slot++) assert.equal(slotOf(tagIn(slot)), slot);
});

const good: [what: string, parameters: object][] = [
  ["a URL", { url: "redis://localhost" }],
  ["a URL of Valkey's", { url: "valkeys://user:p%40ss@[::1]:7000/3" }],
  ["a socket", { url: "unix:///run/valkey.sock" }],
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
  ["a search", { url: "redis://a?x" }, /"url" must be/],
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

test("every problem is told at once, and no password", () => {
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

const replies: [message: string, code: string][] = [
  ["OOM command not allowed when used memory > 'maxmemory'.", "quota-exceeded"],
  ["WRONGTYPE Operation against a key holding the wrong kind of value", "cant-decode"],
  ["NOAUTH Authentication required.", "unauthorized"],
  ["WRONGPASS invalid username-password pair or user is disabled.", "unauthorized"],
  ["NOPERM this user has no permissions to run the 'evalsha' command", "unauthorized"],
  ["ERR unknown command 'PEXPIRETIME', with args beginning with: ", "unsupported"],
  ["LOADING Redis is loading the dataset in memory", "unavailable"],
  ["Connection is closed.", "unavailable"],
];
for (const [message, code] of replies) {
  test(`"${message}" is told as ${code}, without what was sent`, () => {
    const sent = Object.assign(new Error(message), { name: "ReplyError", command: { args: ["secret-word"] } });
    const error = valkeyError(sent, { key: "key", isWrite: true }) as StoreError;
    assert.equal(error.code, code);
    assert.equal(error.key, "key");
    assert.match(error.message, /^Cannot use key "key": expected /);
    assert.ok(![error, error.cause].some((each) => JSON.stringify(each).includes("secret-word")));
  });
}

test("of a write without an answer it is told that nobody knows", () => {
  const lost = new Error("Connection is closed.");
  assert.ok(isLost(lost) && !isPassing(lost));
  assert.match(
    (valkeyError(lost, { key: "k", isWrite: true }) as Error).message,
    /whether this was written is not known/,
  );
  assert.doesNotMatch((valkeyError(lost, { key: "k" }) as Error).message, /not known/);
  const refused = Object.assign(new Error("READONLY You can't write against a read only replica."), { name: "ReplyError" }); // prettier-ignore
  assert.ok(!isLost(refused) && isPassing(refused));
});
