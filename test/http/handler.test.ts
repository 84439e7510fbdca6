import assert from "node:assert/strict";
import { test } from "vitest";
import { memory } from "../../src/backends/memory.ts";
import { createStore } from "../../src/core/createStore.ts";
import { isStoreError, StoreError } from "../../src/core/error.ts";
import { handler, type HandlerOptions } from "../../src/http/handler.ts";
import { faulty } from "../../src/testing/faulty.ts";
import { pair } from "../support/pair.ts";
import { problem } from "../support/problem.ts";

test("an unknown path is no miss, an unknown method is answered with the known ones", async () => {
  const { ask } = pair();
  for (const path of ["", "none", "entry/", "entry/a", "Entry?key=a", "constructor", "__proto__", "toString"]) {
    await problem(ask("GET", path), 404, "invalid-argument");
  }
  const refused = await ask("POST", "entry?key=a");
  assert.equal(refused.headers.get("allow"), "GET, HEAD, PUT, DELETE, OPTIONS");
  await problem(refused, 405, "invalid-argument");
  for (const [method, path] of [
    ["PATCH", "entry?key=a"],
    ["GET", "take?key=a"],
    ["PUT", "batch"],
    ["HEAD", "changes"],
  ] as const) {
    assert.equal((await ask(method, path)).status, 405, `${method} ${path}`);
  }
  const asked = await ask("OPTIONS", "take");
  assert.deepEqual(
    [asked.status, asked.headers.get("allow"), asked.headers.get("shelflife")],
    [204, "POST, OPTIONS", "ok"],
  );
});

test("what a store cannot do is 501, a full one 507, a closed one 503", async () => {
  const poor = createStore({ get: () => undefined, set: () => {}, delete: () => false, isPersistent: () => false });
  const { ask } = pair({ store: poor });
  for (const [method, path] of [
    ["POST", "take?key=a"],
    ["GET", "entries"],
    ["POST", "sweep"],
    ["GET", "changes"],
  ] as const) {
    await problem(ask(method, path), 501, "unsupported");
  }
  const full = pair({ store: memory({ maxBytes: 10 }) });
  await problem(full.ask("PUT", "entry?key=a", { body: "x".repeat(20) }), 507, "quota-exceeded");
  await full.store.close();
  await problem(full.ask("GET", "entry?key=a"), 503, "unavailable");
});

test("an error that is no store's goes to the operator and not to the client", async () => {
  const reported: unknown[] = [];
  let thrown: unknown;
  const store = faulty(memory(), () => ({ before: thrown }));
  const { ask } = pair({ store, handler: { onError: (error) => reported.push(error) } });
  for (thrown of [
    new Error("secret"),
    "secret",
    null,
    undefined,
    { name: "StoreError", code: "secret\r\nx: y", message: "" },
  ]) {
    const document = await problem(ask("GET", "entry?key=a"), 500, "unavailable");
    assert.doesNotMatch(JSON.stringify(document), /secret/);
    assert.equal(reported.at(-1), thrown);
  }
  thrown = new StoreError("unavailable", "Medium is gone");
  await problem(ask("GET", "entry?key=a"), 503, "unavailable");
  assert.equal(reported.length, 6);
  thrown = new StoreError("cant-decode", "Record is damaged", { key: "a" });
  await problem(ask("GET", "entry?key=a"), 422, "cant-decode");
  assert.equal(reported.length, 6);
});

test("options are checked, all at once", () => {
  const bad = {
    authorise: () => true,
    cors: ["https://a.test/"],
    maxBytes: 0,
    maxItems: "5",
    base: "store",
    now: 5,
    onError: "x",
  };
  assert.throws(
    () => handler(memory(), bad as unknown as HandlerOptions),
    (error) =>
      isStoreError(error, "bad-config") && Object.keys(bad).every((name) => error.message.includes(`"${name}"`)),
  );
  for (const cors of ["https://a.test", [5], ["a.test"], true]) {
    assert.throws(
      () => handler(memory(), { cors } as HandlerOptions),
      (error) => isStoreError(error, "bad-config"),
    );
  }
  handler(memory(), { cors: ["https://a.test:8443", "null", "capacitor://localhost"] });
});

test("what is no store or no request is refused in words", async () => {
  const refused = (error: unknown): boolean =>
    isStoreError(error, "invalid-argument") && /expected a/.test(error.message);
  const given: unknown[] = [undefined, null, 5, "text", {}, () => {}, Promise.resolve(memory())];
  for (const each of given) {
    assert.throws(() => handler(each as never), refused);
    for (const cors of [undefined, "*"] as const)
      await assert.rejects(handler(memory(), { cors })(each as never), refused);
  }
});
