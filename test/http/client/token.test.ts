import assert from "node:assert/strict";
import { test } from "vitest";
import { isStoreError } from "../../../src/core/error.ts";
import type { RemoteOptions } from "../../../src/http/remote.ts";
import { bytes, mount, pair } from "../../support/pair.ts";
import { until } from "../../support/until.ts";

/** A pair whose remote has a token of its own making, with what its requests were authorized by. */
function bearing(token: RemoteOptions["token"], more: Partial<RemoteOptions> = {}) {
  const seen: (string | null)[] = [];
  let failures = 0;
  const made = pair({
    between: async (request, send) => {
      seen.push(request.headers.get("authorization"));
      if (failures-- > 0) throw new TypeError("The connection was lost");
      return send(request);
    },
    remote: { token, ...more },
  });
  return { ...made, seen, fail: (count: number) => void (failures = count) };
}

test("a function is asked for the token of each try of each request, streams too", async () => {
  let count = 0;
  const { far, store, seen, fail } = bearing(() => `t${++count}`);
  await far.has("a");
  assert.deepEqual(seen, ["Bearer t1"]);
  fail(2);
  await far.increment("n");
  assert.deepEqual(seen.slice(1), ["Bearer t2", "Bearer t3", "Bearer t4"]);
  const watch = far.watch();
  const next = watch.next();
  await until(() => seen.length > 4);
  assert.equal(seen[4], "Bearer t5");
  await store.set("a", bytes("x"));
  assert.deepEqual((await next).value, { type: "set", key: "a" });
  await watch.return!();
});

test("a token may come later, or not at all", async () => {
  const later = bearing(async () => "later");
  await later.far.has("a");
  assert.deepEqual(later.seen, ["Bearer later"]);
  for (const none of [() => undefined, async () => undefined]) {
    const { far, seen } = bearing(none);
    await far.has("a");
    assert.deepEqual(seen, [null]);
    const basic = bearing(none, { headers: { authorization: "Basic eA==" } });
    await basic.far.has("a");
    assert.deepEqual(basic.seen, ["Basic eA=="]);
  }
});

test("without the token that it asked for a call is unauthorized, with the reason, and nothing is sent", async () => {
  const cause = new Error("secret");
  const failing = [
    () => {
      throw cause;
    },
    () => Promise.reject(cause),
  ];
  for (const token of failing) {
    let asked = 0;
    const { far, seen } = bearing(() => {
      asked++;
      return token();
    });
    const isRight = (error: unknown): boolean =>
      isStoreError(error, "unauthorized") && error.cause === cause && !error.message.includes("secret");
    await assert.rejects(far.set("a", bytes("x")), isRight);
    await assert.rejects(far.list(), isRight);
    await assert.rejects(far.watch().next(), isRight);
    assert.deepEqual([asked, seen], [3, []]);
  }
});

test("what a function returns is no token unless it could be a fixed one, and no message shows it", async () => {
  for (const wrong of [
    "",
    "secret word",
    "secret\n",
    "s\u00e9cret",
    5,
    null,
    {},
    ["secret"],
    Symbol("secret"),
    () => "secret",
  ]) {
    const { far, seen } = bearing((() => wrong) as unknown as () => string);
    await assert.rejects(far.find("a"), (error) => {
      assert.ok(isStoreError(error, "unauthorized"), String(wrong));
      assert.match(error.message, /^Store at ".*" lets nobody in: expected a token of visible ASCII characters, or other credentials, got \w+$/); // prettier-ignore
      assert.doesNotMatch(`${error.message} ${String(error.cause)}`, /s.cret/);
      return error.message.includes(mount);
    });
    assert.deepEqual(seen, []);
  }
});

test("a deadline counts from when the token is there", async () => {
  const { far, store, clock } = bearing(async () => {
    clock.advance(400);
    return "slow";
  });
  const start = clock.now();
  await far.set("a", bytes("x"), { ttl: 1000 });
  assert.equal((await store.entry("a"))?.expiresAt, start + 1000);
});

test("a call that ends while its token is asked for sends nothing", async () => {
  let give = (_token: string): void => {};
  const { far, seen } = bearing(() => new Promise((resolve) => (give = resolve)));
  const controller = new AbortController();
  const call = far.set("a", bytes("x"), { signal: controller.signal });
  await new Promise((resolve) => setTimeout(resolve));
  const reason = new Error("enough");
  controller.abort(reason);
  await assert.rejects(call, (error) => error === reason);
  give("late");
  await new Promise((resolve) => setTimeout(resolve));
  assert.deepEqual(seen, []);
});
