import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "vitest";
import { memory } from "../../../src/backends/memory.ts";
import type { Store } from "../../../src/core/contract.ts";
import { StoreError } from "../../../src/core/error.ts";
import { handler, type Action, type HandlerOptions } from "../../../src/http/handler.ts";
import { createClock } from "../../../src/testing/clock.ts";
import { bytes, text } from "../../support/pair.ts";
import { greet, push, type Pushed, type Step } from "../../support/pushing.ts";

const tag = (value: string): string => createHash("sha256").update(value).digest("hex");

/** A store that is served, and what pushes to it under one name. */
function served(options: HandlerOptions & { store?: Store } = {}) {
  const clock = createClock();
  const { now } = clock;
  const { store = memory({ now }), ...rest } = options;
  const serve = handler(store, { now, ...rest });
  let sequence = 0;
  let name: string | undefined;
  const send = async (...steps: Step[]): Promise<Pushed> => {
    name ??= (await greet(serve)).name as string;
    return push(serve, `${name} ${++sequence} x`, steps);
  };
  return { clock, store, serve, send };
}

test("a write is done where there is what it names, and is answered with what is there otherwise", async () => {
  const { send, store, clock } = served();
  assert.deepEqual(await send(["write", "a", "one", null, null], ["write", "b", "two", null, 500]), [
    [true, [null, null, tag("one")]],
    [true, [null, 500, tag("two")]],
  ]);
  assert.equal(text(await store.find("a")), "one");
  assert.deepEqual(await store.entry("b"), { value: bytes("two"), expiresAt: clock.now() + 500 });
  assert.deepEqual(
    await send(
      ["write", "a", "three", null, null],
      ["write", "b", "three", tag("one"), null],
      ["write", "none", "three", tag("one"), null],
      ["write", "b", "three", tag("two"), 700],
      ["write", "none", null, null, null],
      ["write", "none", null, tag("one"), null],
      ["write", "a", null, null, null],
      ["write", "a", null, tag("one"), null],
    ),
    [
      [false, ["one", null, tag("one")]],
      [false, ["two", 500, tag("two")]],
      [false, null],
      [true, [null, 700, tag("three")]],
      [true, null],
      [false, null],
      [false, ["one", null, tag("one")]],
      [true, null],
    ],
  );
  assert.deepEqual([await store.find("a"), text(await store.find("b"))], [undefined, "three"]);
});

test("what is added is answered with the sum as it is now, and a touch with what has the new deadline", async () => {
  const { send, store, clock } = served();
  await store.set("v", bytes("value"), { ttl: 100 });
  assert.deepEqual(
    await send(["add", "n", 5, 1000], ["add", "n", -2, null], ["touch", "v", 700], ["touch", "none", 700], ["touch", "n", null]),
    [
      [true, ["5", 1000, tag("5")]],
      [true, ["3", 1000, tag("3")]],
      [true, [null, 700, tag("value")]],
      [false, null],
      [true, [null, null, tag("3")]],
    ],
  ); // prettier-ignore
  assert.equal((await store.entry("v"))!.expiresAt, clock.now() + 700);
});

test("each step is for itself, and one that is refused stops no other", async () => {
  const { send, store } = served({ store: memory({ maxBytes: 1000 }) });
  await store.set("text", bytes("x"));
  const outcomes = (await send(
    ["add", "text", 1, null],
    ["write", "", "v", null, null],
    ["write", "large", "x".repeat(2000), null, null],
    ["write", "late", "v", null, 0],
    ["touch", "text", -1],
    ["add", "n", null, null],
    ["add", "n", 1, null],
  )) as { code?: string; key?: string; detail?: string }[];
  assert.deepEqual(
    outcomes.map((line) => (Array.isArray(line) ? line[0] : line.code)),
    ["cant-decode", "invalid-argument", "quota-exceeded", "invalid-argument", "invalid-argument", "invalid-argument", true],
  ); // prettier-ignore
  assert.deepEqual([outcomes[0]!.key, typeof outcomes[0]!.detail], ["text", "string"]);
  assert.deepEqual((await store.list()).entries.map(({ key }) => key).sort(), ["n", "text"]);
});

test("steps of one key are done one after the other, whatever is between", async () => {
  const { send } = served();
  const steps: Step[] = [];
  for (let index = 0; index < 50; index++) steps.push(["write", "a", `${index}`, index ? tag(`${index - 1}`) : null, null], ["add", `n${index}`, 1, null], ["add", "n", 1, null]); // prettier-ignore
  const outcomes = (await send(...steps)) as [boolean, [string, null, string]][];
  assert.ok(outcomes.every(([isDone]) => isDone));
  assert.deepEqual(
    outcomes.filter((_, index) => index % 3 === 2).map(([, [value]]) => value),
    Array.from({ length: 50 }, (_, index) => `${index + 1}`),
  );
});

test("a write that finds its tag is tried again where another writer came between", async () => {
  const inner = memory();
  await inner.set("a", bytes("one"));
  let left = 3;
  const busy: Store = {
    ...inner,
    async compareAndSet(...given) {
      if (left-- > 0) return false;
      return inner.compareAndSet(...given);
    },
  };
  const { send } = served({ store: busy });
  assert.deepEqual(await send(["write", "a", "two", tag("one"), null]), [[true, [null, null, tag("two")]]]);
  left = Infinity;
  const [line] = (await send(["write", "a", "three", tag("two"), null])) as [{ code: string }];
  assert.equal(line.code, "conflict");
  assert.equal(text(await inner.find("a")), "two");
});

test("rights count for each step, and without the right to read nothing shows what is there", async () => {
  const store = memory();
  await store.set("a", bytes("secret"));
  for (const [can, expected] of [
    [["write"], ["unauthorized", "unauthorized", "unauthorized", true]],
    [
      ["read", "write"],
      [false, true, "cant-decode", true],
    ],
  ] as const) {
    const { send } = served({ store, authorize: () => ({ can }) });
    const outcomes = await send(["write", "a", "x", null, null], ["add", "n", 1, null], ["add", "a", 1, null], ["touch", "a", 50_000]); // prettier-ignore
    assert.deepEqual(
      (outcomes as unknown[]).map((line) => (Array.isArray(line) ? line[0] : (line as { code: string }).code)),
      expected,
    );
    const shows = /secret/.test(JSON.stringify(outcomes)) || JSON.stringify(outcomes).includes(tag("secret"));
    assert.equal(shows, can.length === 2);
  }
});

test("the values of an answer are at most 256 KiB together, and what does not fit is shown without", async () => {
  const { send, store } = served();
  const large = "x".repeat(100_000);
  for (const key of ["a", "b", "c"]) await store.set(key, bytes(large));
  await store.set("d", bytes("small"));
  const outcomes = await send(...["a", "b", "c", "d"].map((key) => ["write", key, "v", null, null]));
  assert.deepEqual(outcomes, [
    [false, [large, null, tag(large)]],
    [false, [large, null, tag(large)]],
    [false, [null, null, tag(large)]],
    [false, ["small", null, tag("small")]],
  ]);
});

test("what is done is reported as done, also where nobody can say what is there now", async () => {
  const inner = memory();
  await inner.set("t", bytes("x"));
  const fail = (): Promise<never> => Promise.reject(new StoreError("unavailable", "Gone"));
  const { send } = served({ store: { ...inner, entry: fail } });
  assert.deepEqual(await send(["add", "n", 1, 500], ["touch", "t", 500]), [
    [true, [null, null, ""]],
    [true, [null, 500, ""]],
  ]);
  assert.equal(text(await inner.find("n")), "1");
});

test("of a step in the middle of which the store failed nobody says that it was not done", async () => {
  const gone = (): Promise<never> => Promise.reject(new StoreError("unavailable", "Gone"));
  for (const isDone of [true, false]) {
    const inner = memory();
    await inner.setMany(["a", "b", "c", "n", "t"].map((key) => [key, bytes("1")] as const));
    /** Fails after it was done, or in place of that. */
    const cut =
      <A extends unknown[]>(call: (...given: A) => Promise<unknown>) =>
      async (...given: A): Promise<never> => {
        if (isDone) await call(...given);
        return gone();
      };
    const { compareAndSet, increment, touch, update } = inner;
    const failing = { compareAndSet: cut(compareAndSet), increment: cut(increment), touch: cut(touch), update: cut(update) }; // prettier-ignore
    const { send } = served({ store: { ...inner, ...failing } });
    const outcomes = (await send(
      ["write", "a", "2", tag("1"), null],
      ["write", "b", null, tag("1"), null],
      ["add", "n", 1, null],
      ["touch", "t", 500],
      ["write", "c", "2", tag("x"), null],
    )) as unknown[];
    assert.deepEqual(
      outcomes.map((line) => (Array.isArray(line) ? line : (line as { code: string }).code)),
      [
        isDone ? [true, [null, null, tag("2")]] : [null, ["1", null, tag("1")]],
        isDone ? [true, null] : [null, ["1", null, tag("1")]],
        [null, [isDone ? "2" : "1", null, tag(isDone ? "2" : "1")]],
        "unavailable",
        [false, ["1", null, tag("1")]],
      ],
    );
  }
});

test("a store that does not answer at all has done nothing", async () => {
  const inner = memory();
  let isGone = true;
  let calls = 0;
  const gone = (): Promise<never> => Promise.reject(new StoreError("unavailable", "Gone"));
  const { send } = served({
    store: {
      ...inner,
      has: (...given) => (isGone ? gone() : inner.has(...given)),
      entry: (...given) => (isGone ? gone() : inner.entry(...given)),
      increment: (...given) => (calls++, isGone ? gone() : inner.increment(...given)),
    },
  });
  const steps: Step[] = [["add", "n", 1, null], ["add", "m", 1, null], ["write", "a", "v", null, null]]; // prettier-ignore
  const outcomes = (await send(...steps)) as { code: string }[];
  assert.deepEqual(outcomes.map(({ code }) => code), ["unavailable", "unavailable", "unavailable"]); // prettier-ignore
  assert.equal(calls, 0);
  isGone = false;
  assert.deepEqual(await send(...steps.slice(0, 1), ["touch", "n", null]), [
    [true, ["1", null, tag("1")]],
    [true, [null, null, tag("1")]],
  ]);
});

test("what has expired since is not answered", async () => {
  const { serve, clock } = served();
  const { name } = await greet(serve);
  const steps: Step[] = [["add", "n", 1, 100], ["write", "a", "v", null, 300], ["write", "a", "w", null, null]]; // prettier-ignore
  const send = (): Promise<Pushed> => push(serve, `${name} 1 x`, steps);
  assert.deepEqual(await send(), [
    [true, ["1", 100, tag("1")]],
    [true, [null, 300, tag("v")]],
    [false, ["v", 300, tag("v")]],
  ]);
  clock.advance(99);
  assert.deepEqual(await send(), [
    [true, ["1", 1, tag("1")]],
    [true, [null, 201, tag("v")]],
    [false, ["v", 201, tag("v")]],
  ]);
  clock.advance(1);
  assert.deepEqual(await send(), [
    [true, null],
    [true, [null, 200, tag("v")]],
    [false, ["v", 200, tag("v")]],
  ]);
});

test("a push reads few values at a time", async () => {
  const inner = memory();
  const keys = Array.from({ length: 100 }, (_, index) => `k${index}`);
  for (const key of keys) await inner.set(key, new Uint8Array(30_000));
  const seen = { open: 0, most: 0 };
  const entry: Store["entry"] = async (...given) => {
    seen.most = Math.max(seen.most, ++seen.open);
    await new Promise((resolve) => setTimeout(resolve));
    seen.open--;
    return inner.entry(...given);
  };
  const { send } = served({ store: { ...inner, entry }, maxBytes: 100_000 });
  assert.ok(Array.isArray(await send(...keys.map((key) => ["write", key, "v", null, null]))));
  assert.ok(seen.most <= 8, JSON.stringify(seen));
});

test("rights of a push are looked at before its body is read", async () => {
  for (const can of [[], ["read"], ["list", "watch"]] as Action[][]) {
    const { serve } = served({ authorize: () => ({ can }) });
    assert.equal(await push(serve, "name 1 x", [["add", "n", 1, null]]), 403);
  }
});
