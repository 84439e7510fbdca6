import assert from "node:assert/strict";
import { onTestFinished, test, vi } from "vitest";
import { memory } from "../../src/backends/memory.ts";
import { FORGOTTEN, type Link, type Operation, type Outcome } from "../../src/core/link.ts";
import { isStoreError } from "../../src/core/error.ts";
import { handler } from "../../src/http/handler.ts";
import { remoteLink } from "../../src/http/link.ts";
import { prefix } from "../../src/views/prefix.ts";
import { brief, gated } from "../support/pushing.ts";
import { bytes, pair, text, type Pair, type Send } from "../support/pair.ts";

type Half = Pick<Link, "greet" | "push">;
type Between = (request: Request, send: Send) => Promise<Response>;

const add: Operation = { kind: "add", key: "n", by: 1, expiresAt: Infinity };
const write = (key: string, value: string | undefined, more: Partial<Operation> = {}): Operation =>
  ({ kind: "write", key, value: value === undefined ? undefined : bytes(value), tag: undefined, expiresAt: Infinity, ...more }) as Operation; // prettier-ignore

/** A pair with the link between its ends, and what pushes by it. */
function linked(options: Parameters<typeof pair>[0] = {}, at = "") {
  const ends = pair(options);
  const call = { now: ends.clock.now };
  const link: Half = remoteLink(at ? prefix(ends.far, at) : ends.far)!;
  const push = async (sequence: number, operations: readonly Operation[], given?: string): ReturnType<Link["push"]> => {
    const name = given ?? (await link.greet(call)).name;
    return link.push({ name, sequence, nonce: "x", operations }, call);
  };
  return { ...ends, call, link, push };
}

const outcomesOf = (outcomes: Awaited<ReturnType<Link["push"]>>): unknown => outcomes === FORGOTTEN ? "forgotten" : brief(outcomes); // prettier-ignore

test("only a remote store and its parts have a link", () => {
  assert.equal(remoteLink(memory()), undefined);
  assert.ok(remoteLink(pair().far));
});

test("a greeting is that of the handler, and of another part it is another", async () => {
  const ends = linked({ handler: { maxBytes: 500, maxItems: 7 } });
  const { name, ...rest } = await ends.link.greet(ends.call);
  assert.match(name, /^[\w-]+$/);
  const { scope } = rest;
  assert.deepEqual(rest, { scope, time: ends.clock.now(), maxBytes: 500, maxItems: 7 });
  const part = await remoteLink(prefix(ends.far, "p/"))!.greet(ends.call);
  assert.notEqual(part.scope, scope);
  assert.equal((await remoteLink(prefix(prefix(ends.far, "p"), "/"))!.greet(ends.call)).scope, part.scope);
});

test("operations are done, and outcomes say what is there", async () => {
  const { push, store, clock } = linked();
  await store.set("there", bytes("theirs"));
  await store.set("word", bytes("x"));
  const [tag] = [(await push(1, [write("there", "mine")])) as any].map(([outcome]) => outcome.now.tag);
  const soon = clock.now() + 500;
  const outcomes = await push(1, [
    write("new", "mine", { expiresAt: soon }),
    write("there", "mine"),
    write("there", undefined, { tag }),
    add,
    { ...add, key: "word" },
    { kind: "touch", key: "word", expiresAt: soon },
    { kind: "touch", key: "none", expiresAt: soon },
    write("over", "mine", { expiresAt: clock.now() }),
  ]);
  assert.ok(outcomes !== FORGOTTEN);
  assert.deepEqual(brief(outcomes), [
    [true, undefined, undefined],
    [false, "theirs", undefined],
    [true, undefined, undefined],
    [true, "1", undefined],
    [false, undefined, "cant-decode"],
    [true, undefined, undefined],
    [false, undefined, undefined],
    [true, undefined, undefined],
  ]);
  assert.deepEqual(
    outcomes.map(({ now }) => now?.expiresAt),
    [soon, Infinity, undefined, Infinity, undefined, soon, undefined, undefined],
  );
  assert.equal(outcomes[1]!.now!.tag, tag);
  assert.equal(text(await store.find("new")), "mine");
  assert.deepEqual([await store.find("there"), await store.find("over")], [undefined, undefined]);
});

test("a part of a store knows its keys without the prefix", async () => {
  const { push, store } = linked({}, "p/");
  await store.set("p/word", bytes("x"));
  const outcomes = await push(1, [add, { ...add, key: "word" }]);
  assert.ok(outcomes !== FORGOTTEN);
  assert.deepEqual([outcomes[0]!.isDone, outcomes[1]!.error!.key], [true, "word"]);
  assert.doesNotMatch(outcomes[1]!.error!.message, /p\//);
  assert.deepEqual((await store.list()).entries.map(({ key }) => key).sort(), ["p/n", "p/word"]); // prettier-ignore
});

test("whatever gets lost, a push is applied once and its answer arrives", async () => {
  const losses: Record<string, Between> = {
    "a request": async () => {
      throw new TypeError("Failed to fetch");
    },
    "an answer": async (request, send) => {
      await send(request);
      throw new TypeError("Failed to fetch");
    },
    "a part of an answer": async (request, send) => {
      const { headers, body } = await send(request);
      const whole = await new Response(body).arrayBuffer();
      return new Response(whole.slice(0, -1), { headers });
    },
    "an answer in a stranger's page": async (request, send) => {
      await send(request);
      return new Response("<html>");
    },
  };
  for (const [lost, lose] of Object.entries(losses)) {
    let left = 0;
    const between: Between = async (request, send) => {
      assert.equal(request.headers.get("idempotency-key"), null);
      return left-- > 0 ? lose(request, send) : send(request);
    };
    const { push, link, call, store } = linked({ between });
    const { name } = await link.greet(call);
    for (const sequence of [1, 2]) {
      left = 2;
      assert.deepEqual(outcomesOf(await push(sequence, [add], name)), [[true, `${sequence}`, undefined]], lost);
    }
    assert.equal(text(await store.find("n")), "2");
    assert.equal(outcomesOf(await push(1, [add], name)), "forgotten");
    assert.equal(outcomesOf(await push(2, [write("n", undefined)], "none")), "forgotten");
  }
});

test("a value whose time is past when it is sent again removes what is there", async () => {
  let clock: Pair["clock"] | undefined;
  for (const isApplied of [false, true]) {
    let isLost = true;
    const between: Between = async (request, send) => {
      if (!isLost || !request.headers.has("shelflife-replica")) return send(request);
      isLost = false;
      if (isApplied) await send(request);
      clock!.advance(100);
      throw new TypeError("Failed to fetch");
    };
    const ends = linked({ between });
    ({ clock } = ends);
    await ends.store.set("a", bytes("old"));
    const { name } = await ends.link.greet(ends.call);
    isLost = false;
    const [seen] = (await ends.push(1, [write("a", "x")], name)) as any;
    isLost = true;
    const mine = write("a", "mine", { expiresAt: clock.now() + 100, tag: seen.now.tag });
    assert.deepEqual(outcomesOf(await ends.push(2, [mine], name)), [[true, undefined, undefined]]);
    assert.equal(await ends.store.find("a"), undefined);
  }
});

test("a push that is under way is asked for until it is over", async () => {
  const requests = memory();
  const gate = gated(memory());
  // Another handler has begun it.
  const other = handler(gate.store, { requests });
  let first: Promise<Response> | undefined;
  const between: Between = async (request, send) => {
    if (!request.headers.has("shelflife-replica")) return send(request);
    if (!first) {
      first = other(request);
      throw new TypeError("Failed to fetch");
    }
    return send(request);
  };
  const ends = linked({ between, store: gate.store, handler: { requests, now: Date.now } });
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  let outcome: unknown;
  void ends.push(1, [add]).then((outcomes) => (outcome = outcomesOf(outcomes)));
  const { setImmediate: soon } = globalThis;
  for (let count = 0; count < 8; count++) {
    await vi.advanceTimersByTimeAsync(1500);
    await new Promise((resolve) => soon(resolve));
  }
  assert.ok(ends.sent.length > 3);
  assert.equal(outcome, undefined);
  gate.open();
  for (let count = 0; count < 100 && !outcome; count++) {
    await vi.advanceTimersByTimeAsync(1500);
    await new Promise((resolve) => soon(resolve));
  }
  assert.deepEqual(outcome, [[true, "1", undefined]]);
  assert.equal(text(await gate.store.find("n")), "1");
});

test("what is too large together is refused, and its number is free", async () => {
  const { link, call, push } = linked({ handler: { maxBytes: 10, maxItems: 3 } });
  const { name } = await link.greet(call);
  for (const operations of [[write("a", "x".repeat(11))], Array.from({ length: 4 }, () => add)]) {
    await assert.rejects(push(1, operations, name), (error) => isStoreError(error, "quota-exceeded"));
  }
  assert.deepEqual(outcomesOf(await push(1, [add], name)), [[true, "1", undefined]]);
});

const digest = "0".repeat(64);
const answers: readonly string[] = [
  "", "[]\n", "{}\n", "null\n", "5\n", "[[true,null]]\n", "[[true,null],[true,null],[true,null],[true,null]]\n",
  ...[
    "5", "null", "[]", "[true]", "[5,null]", '["true",null]', "[true,5]", `[true,[3,null,"${digest}"]]`, `[true,[null,0,"${digest}"]]`, `[true,[null,-1,"${digest}"]]`,
    `[true,[null,"5","${digest}"]]`, "[true,[null,null]]", "[true,[null,null,5]]", "[true,[-1,null,\"x\"]]", "[true,[0.5,null,\"x\"]]",
    '{"code":"none","detail":"x"}', '{"code":"conflict"}', "{}",
  ].map((line) => `[${line},[true,[null,null,"x"]],[true,[null,null,"x"]]]\n`),
  // Nothing is added by halves, and what was there has no value with it.
  '[[true,null],[false,[null,null,"x"]],[true,null]]\n', '[[true,null],[true,[null,null,"x"]],[true,[1,null,"x"]]]\nx', '[[true,null],[true,[null,null,"x"]],[false,[null,null,"x"]]]\n',
  '[[true,null],[true,[5,null,"x"]],[true,null]]\nx', '[[true,null],[true,[1,null,"x"]],[true,null]]\nxx', `[[false,[300000,null,"x"]],[true,null],[true,null]]\n${"x".repeat(300_000)}`,
]; // prettier-ignore

test("an answer that makes no sense is none", async () => {
  let body = "";
  const between: Between = async (request, send) =>
    request.headers.has("shelflife-replica") || body.startsWith("{")
      ? new Response(body, { headers: { shelflife: "ok" } })
      : send(request);
  const { push, link, call } = linked({ between, remote: { attempts: 1 } });
  const { name } = await link.greet(call);
  const operations: Operation[] = [write("a", "mine"), add, { kind: "touch", key: "a", expiresAt: Infinity }];
  for (body of answers) {
    await assert.rejects(push(1, operations, name), (error) => isStoreError(error, "unavailable"), body.slice(0, 60));
  }
  body = `[[false,[3,null,"${digest}"]],[true,[1,null,"x"]],[false,null]]\nold1`;
  assert.deepEqual(outcomesOf(await push(1, operations, name)), [[false, "old", undefined], [true, "1", undefined], [false, undefined, undefined]]); // prettier-ignore
  body = `[[null,[3,null,"${digest}"]],[null,[null,null,""]],[false,null]]\nold`;
  const open = await push(1, operations, name);
  assert.deepEqual(outcomesOf(open), [[false, "old", undefined], [false, undefined, undefined], [false, undefined, undefined]]); // prettier-ignore
  assert.deepEqual((open as Outcome[]).map(({ isUncertain = false }) => isUncertain), [true, true, false]); // prettier-ignore
  const good = { name: "n", scope: "s", time: 1, maxBytes: 1, maxItems: 1 };
  for (const bad of [{ name: 5 }, { name: "" }, { name: "a b" }, { name: undefined }, { scope: 5 }, { time: "1" }, { time: null }, { maxBytes: -1 }, { maxItems: 0.5 }]) {
    body = JSON.stringify({ ...good, ...bad });
    await assert.rejects(link.greet(call), (error) => isStoreError(error, "unavailable"), body);
  } // prettier-ignore
  body = JSON.stringify(good);
  assert.deepEqual(await link.greet(call), good);
});

test("only a handler's word says that a push is forgotten", async () => {
  const between: Between = async (request, send) =>
    request.headers.has("shelflife-replica")
      ? new Response("", { status: 409, headers: { "shelflife-replica": "forgotten" } })
      : send(request);
  const { push } = linked({ between, remote: { attempts: 1 } });
  await assert.rejects(push(1, [add]), (error) => isStoreError(error, "unavailable"));
});
