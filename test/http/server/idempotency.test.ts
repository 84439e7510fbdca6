import assert from "node:assert/strict";
import { test, vi } from "vitest";
import { memory } from "../../../src/backends/memory.ts";
import type { Store } from "../../../src/core/contract.ts";
import { createStore } from "../../../src/core/createStore.ts";
import { handler } from "../../../src/http/handler.ts";
import { createClock } from "../../../src/testing/clock.ts";
import { bytes, mount, pair, text } from "../../support/pair.ts";
import { until } from "../../support/until.ts";

const named = (name: string): RequestInit => ({ headers: { "idempotency-key": name } });
const code = async (response: Response): Promise<string> => ((await response.json()) as { code: string }).code;

test("a request that comes twice under a name is applied once, and answered the same", async () => {
  const { ask, store } = pair();
  await store.set("t", bytes("x"));
  const requests: [string, string][] = [
    ["POST", "increment?key=n"],
    ["POST", "take?key=t"],
    ["POST", "take?key=t2"],
    ["PUT", "entry?key=p"],
    ["DELETE", "entry?key=p"],
    ["POST", "touch?key=n"],
    ["POST", "sweep"],
  ];
  for (const [index, [method, path]] of requests.entries()) {
    const init = { ...named(`${index}`), ...(method === "PUT" && { body: "v" }) };
    const [first, second] = [await ask(method, path, init), await ask(method, path, init)];
    assert.equal(second.status, first.status, path);
    assert.deepEqual([...second.headers], [...first.headers], path);
    assert.equal(await second.text(), await first.text(), path);
  }
  assert.equal(text(await store.get("n")), "1");
});

test("a request that comes again while it is under way waits for its answer", async () => {
  let finish: (() => void) | undefined;
  let calls = 0;
  const slow = createStore({
    get: () => undefined,
    set: () => {},
    delete: () => false,
    isPersistent: () => false,
    increment: () => new Promise((resolve) => (finish = () => resolve(++calls))),
  });
  const { ask } = pair({ store: slow });
  const both = [ask("POST", "increment?key=n", named("a")), ask("POST", "increment?key=n", named("a"))];
  await until(() => finish);
  finish!();
  assert.deepEqual(await Promise.all(both.map(async (asked) => (await asked).text())), ["1", "1"]);
  assert.equal(calls, 1);
});

test("a name stands for one request", async () => {
  for (const requests of [undefined, memory()]) {
    const { ask } = pair({ handler: { requests } });
    assert.equal((await ask("PUT", "entry?key=a", { ...named("x"), body: "1" })).status, 204);
    for (const [method, path, body] of [
      ["PUT", "entry?key=a", "2"],
      ["PUT", "entry?key=b", "1"],
      ["POST", "increment?key=a", ""],
    ] as const) {
      const refused = await ask(method, path, { ...named("x"), body });
      assert.equal(refused.status, 422);
      assert.equal(await code(refused), "invalid-argument");
    }
  }
});

test("a name is checked, and on a read it means nothing", async () => {
  const { ask, store } = pair();
  await store.set("a", bytes("1"));
  for (const name of ["", "x".repeat(256), "a b", "\u00fc"]) {
    assert.equal((await ask("POST", "increment?key=n", named(name))).status, 400, name);
  }
  assert.equal(await store.find("n"), undefined);
  assert.equal(await (await ask("GET", "entry?key=a", named("x"))).text(), "1");
  await store.set("a", bytes("2"));
  assert.equal(await (await ask("GET", "entry?key=a", named("x"))).text(), "2");
});

test("names of one scope say nothing to another, and are forgotten after a day", async () => {
  const clock = createClock();
  const { now } = clock;
  for (const requests of [undefined, memory({ now })]) {
    const store = memory({ now });
    const serve = handler(store, {
      now,
      requests,
      authorize: ({ headers }) => ({ prefix: `${headers.get("authorization")}/` }),
    });
    const ask = (who: string): Promise<string> =>
      serve(
        new Request(`${mount}/increment?key=n`, {
          method: "POST",
          headers: { authorization: who, "idempotency-key": "x" },
        }),
      ).then((response) => response.text());
    assert.deepEqual([await ask("a"), await ask("b"), await ask("a")], ["1", "1", "1"]);
    clock.advance(86_400_000);
    assert.equal(await ask("a"), "2");
  }
});

test("with a store to remember them in, requests are applied once across restarts", async () => {
  const store = memory();
  const requests = memory();
  const start = (): ((path: string) => Promise<Response>) => {
    const serve = handler(store, { requests });
    return (path) => serve(new Request(`${mount}/${path}`, { method: "POST", ...named(path) }));
  };
  await store.set("t", bytes("\n{x}\n"));
  const before = start();
  const after = start();
  for (const path of ["increment?key=n", "take?key=t", "take?key=none", "sweep"]) {
    const [first, second] = [await before(path), await after(path)];
    assert.equal(second.status, first.status, path);
    assert.deepEqual([...second.headers], [...first.headers], path);
    assert.equal(await second.text(), await first.text(), path);
  }
  assert.equal(text(await store.get("n")), "1");
});

test("a request that was cut off before its answer was noted is not applied again", async () => {
  const store = memory();
  const requests = memory();
  const stopped: Store = {
    ...store,
    async increment(...call) {
      await store.increment(...call);
      return new Promise(() => {});
    },
  };
  const ask = (served: Store): Promise<Response> =>
    handler(served, { requests })(new Request(`${mount}/increment?key=n`, { method: "POST", ...named("x") }));
  void ask(stopped);
  await until(() => store.has("n"));
  const again = await ask(store);
  assert.deepEqual([again.status, again.headers.get("retry-after"), await code(again)], [409, "1", "conflict"]);
  assert.equal(text(await store.get("n")), "1");
});

test("where requests cannot be noted, nothing is applied", async () => {
  const requests = memory();
  await requests.close();
  const { ask, store } = pair({ handler: { requests } });
  assert.equal((await ask("POST", "increment?key=n", named("x"))).status, 503);
  assert.equal(await store.find("n"), undefined);
  assert.equal((await ask("POST", "increment?key=n")).status, 200);
});

test("a body that is cut short is not noted, so that the request can come again", async () => {
  const { ask, store } = pair();
  const body = new ReadableStream({ start: (controller) => controller.error(new Error("cut")) });
  const cut = await ask("PUT", "entry?key=a", { ...named("x"), body, duplex: "half" } as RequestInit);
  assert.equal(cut.status, 400);
  assert.equal((await ask("PUT", "entry?key=a", { ...named("x"), body: "whole" })).status, 204);
  assert.equal(text(await store.get("a")), "whole");
});

test("a handler gives up on a call when the client does", async () => {
  let given: AbortSignal | undefined;
  const hanging = createStore({
    get: (_, { signal }) => {
      given = signal;
      return new Promise(() => {});
    },
    set: () => {},
    delete: () => false,
    isPersistent: () => false,
  });
  const { ask } = pair({ store: hanging });
  const response = await ask("GET", "entry?key=a", { headers: { "shelflife-timeout": "5" } });
  assert.deepEqual([response.status, await code(response)], [503, "unavailable"]);
  assert.equal((given!.reason as DOMException).name, "TimeoutError");
  for (const timeout of ["-1", "soon", "", "1e3"]) {
    const refused = await ask("GET", "entry?key=a", { headers: { "shelflife-timeout": timeout } });
    assert.equal(refused.status, 400, timeout);
  }
});

test("nothing of the time that a client gave is left when it has its answer", async () => {
  const { ask } = pair();
  const begun = new Set<unknown>();
  const { setTimeout: begin, clearTimeout: end } = globalThis;
  vi.spyOn(globalThis, "setTimeout").mockImplementation((...given) => {
    const timer = begin(...given);
    begun.add(timer);
    return timer;
  });
  vi.spyOn(globalThis, "clearTimeout").mockImplementation((timer) => {
    begun.delete(timer);
    end(timer);
  });
  const lasting = vi.spyOn(AbortSignal, "timeout");
  const headers = { "shelflife-timeout": "30000" };
  assert.equal((await ask("PUT", "entry?key=a", { headers: { ...headers, "idempotency-key": "x" }, body: "v" })).status, 204); // prettier-ignore
  assert.equal((await ask("PUT", "entry?key=a", { headers: { ...headers, "idempotency-key": "x" }, body: "v" })).status, 204); // prettier-ignore
  assert.equal((await ask("GET", "entry?key=a", { headers })).status, 200);
  assert.equal((await ask("GET", "entry?key=b", { headers })).status, 404);
  assert.equal((await ask("GET", "entry?key=a&more=1", { headers })).status, 400);
  assert.deepEqual([begun.size, lasting.mock.calls.length], [0, 0]);
});
