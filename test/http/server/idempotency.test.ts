import assert from "node:assert/strict";
import { test, vi } from "vitest";
import { memory } from "../../../src/backends/memory.ts";
import type { Store } from "../../../src/core/contract.ts";
import { createStore } from "../../../src/core/createStore.ts";
import { handler, type Action, type Scope } from "../../../src/http/handler.ts";
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

test("a name stands for one batch, but for lifetimes, which shrink with each repetition", async () => {
  const batches: readonly (readonly [body: string, others: readonly string[]])[] = [
    [
      '{"set":[["a",1,5000],["b",1,null]]}\n12',
      [
        '{"set":[["a",1,5000],["b",1,null]]}\n13',
        '{"set":[["a",1,5000],["c",1,null]]}\n12',
        '{"set":[["a",1,null],["b",1,null]]}\n12',
        '{"set":[["a",2,5000]]}\n12',
        '{"delete":["a","b"]}\n',
      ],
    ],
    [
      '{"calls":[["set","a",1,5000],["swap","b",1,null,"keep"],["increment","n",1,null]]}\n12',
      [
        '{"calls":[["set","a",1,5000],["swap","b",1,null,"keep"],["increment","n",2,null]]}\n12',
        '{"calls":[["set","a",1,5000],["swap","b",1,"1","keep"],["increment","n",1,null]]}\n12',
        '{"calls":[["set","a",1,5000],["swap","b",1,null,5000],["increment","n",1,null]]}\n12',
        '{"calls":[["increment","n",1,null]]}\n',
      ],
    ],
    ['{"delete":["a","b"]}\n', ['{"delete":["a"]}\n', '{"delete":["b","a"]}\n', '{"find":["a","b"]}\n']],
  ];
  for (const requests of [undefined, memory()]) {
    for (const [index, [body, others]] of batches.entries()) {
      const { ask, store } = pair({ handler: { requests } });
      const send = (sent: string): Promise<Response> => ask("POST", "batch", { ...named(`${index}`), body: sent });
      const answer = await (await send(body)).text();
      const before = await store.list();
      assert.equal(await (await send(body.replace("5000", "4000.5"))).text(), answer);
      for (const other of others) {
        const refused = await send(other);
        assert.deepEqual([refused.status, await code(refused)], [422, "invalid-argument"], other);
      }
      assert.deepEqual(await store.list(), before);
    }
  }
});

test("a name stands for one condition, and one kind of lifetime", async () => {
  const { ask, store } = pair();
  const put = async (headers: Record<string, string>): Promise<number> => {
    const init = { body: "v", headers: { "idempotency-key": "x", ...headers } };
    return (await ask("PUT", "entry?key=a", init)).status;
  };
  assert.equal(await put({ "shelflife-ttl": "5000" }), 204);
  assert.equal(await put({ "shelflife-ttl": "4000" }), 204);
  assert.equal(await put({}), 422);
  assert.equal(await put({ "shelflife-ttl": "keep" }), 422);
  assert.equal(await put({ "shelflife-ttl": "5000", "if-match": "*" }), 422);
  assert.equal(await put({ "shelflife-ttl": "5000", "if-none-match": "*" }), 422);
  assert.ok((await store.entry("a"))!.expiresAt < Infinity);
});

test("a repeated request is answered by the rights of its sender, whoever sent the first", async () => {
  const bodies = [
    '{"find":["a"]}\n',
    '{"calls":[["get","a"]]}\n',
    '{"calls":[["take","b"]]}\n',
    '{"calls":[["set","d",1,null],["take","c"]]}\n1',
  ];
  for (const requests of [undefined, memory()]) {
    const authorize = ({ headers }: Request): Scope => ({
      prefix: "p/",
      can: headers.get("authorization")!.split(",") as Action[],
    });
    const { ask, store } = pair({ handler: { requests, authorize } });
    const send = async (name: string, can: string, body: string): Promise<string> =>
      (await ask("POST", "batch", { body, headers: { "idempotency-key": name, authorization: can } })).text();
    await store.setMany(["a", "b", "c"].map((key) => [`p/${key}`, bytes("secret")] as const));
    for (const [index, body] of bodies.entries()) {
      const answer = await send(`${index}`, "read,write", body);
      assert.match(answer, /secret/, body);
      for (const can of ["write", "list", "watch", "none", "list,write"]) {
        assert.doesNotMatch(await send(`${index}`, can, body), /secret/, `${body} ${can}`);
      }
      assert.equal(await send(`${index}`, "read,write", body), answer, body);
    }
    // What is refused takes no name away from those who may.
    assert.match(await send("late", "write", '{"calls":[["take","a"]]}\n'), /unauthorized/);
    assert.match(await send("late", "read,write", '{"calls":[["take","a"]]}\n'), /secret/);
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
