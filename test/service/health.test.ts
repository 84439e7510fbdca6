import assert from "node:assert/strict";
import { test } from "vitest";
import { memory } from "../../src/backends/memory.ts";
import { createStore } from "../../src/core/createStore.ts";
import { health } from "../../src/service/health.ts";

const ask = (path: string, method = "GET"): Request => new Request(`http://x/${path}`, { method });

test("a server is healthy, and ready while its store answers", async () => {
  let time = 0;
  const store = memory();
  const { answer } = health(store, { now: () => time });
  const status = async (path: string): Promise<[number, unknown]> => {
    const response = (await answer(ask(path)))!;
    return [response.status, await response.json()];
  };
  assert.deepEqual(await status("health"), [200, { status: "ok" }]);
  assert.deepEqual(await status("store/ready?x"), [200, { status: "ok" }]);
  await store.close();
  // For a moment the last answer is good enough.
  assert.deepEqual(await status("ready"), [200, { status: "ok" }]);
  time = 1000;
  assert.deepEqual(await status("ready"), [503, { status: "unavailable" }]);
  assert.deepEqual(await status("health"), [200, { status: "ok" }]);
});

test("other paths and methods are not its own", async () => {
  const { answer } = health(memory());
  for (const path of ["", "entry?key=/ready", "ready/x", "healthy", "entries#/health"]) {
    assert.equal(answer(ask(path)), undefined, path);
  }
  assert.equal((await answer(ask("ready", "POST")))!.status, 405);
  const head = (await answer(ask("ready", "HEAD")))!;
  assert.deepEqual([head.status, await head.text()], [200, ""]);
});

test("many who ask are one question to the store, and a store that hangs is not ready", async () => {
  let asked = 0;
  const store = createStore({
    get: () => (asked++, new Promise(() => {})),
    set: () => {},
    delete: () => false,
    isPersistent: () => false,
  });
  const { answer } = health(store, { within: 1 });
  const answers = await Promise.all(Array.from({ length: 20 }, () => answer(ask("ready"))!));
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [503]);
  assert.equal(asked, 1);
});

test("a server that is about to close is healthy, and not ready", async () => {
  const { answer, drain } = health(memory());
  assert.equal((await answer(ask("ready")))!.status, 200);
  drain();
  assert.deepEqual([(await answer(ask("ready")))!.status, (await answer(ask("health")))!.status], [503, 200]);
});
