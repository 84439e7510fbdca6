import assert from "node:assert/strict";
import { onTestFinished, test, vi } from "vitest";
import { memory } from "../../../src/backends/memory.ts";
import type { Store } from "../../../src/core/contract.ts";
import { StoreError } from "../../../src/core/error.ts";
import { handler } from "../../../src/http/handler.ts";
import { createClock } from "../../../src/testing/clock.ts";
import { bytes, text } from "../../support/pair.ts";
import { add, gated, greet, push, sum } from "../../support/pushing.ts";
import { until } from "../../support/until.ts";

const day = 86_400_000;

test("a push is applied once however often it comes, at once or later, and answered the same", async () => {
  for (const requests of [undefined, memory()]) {
    const gate = gated(memory());
    const { store } = gate;
    const serve = handler(store, { requests });
    const { name } = await greet(serve);
    const all = Array.from({ length: 10 }, () => push(serve, `${name} 1 x`, add));
    await until(() => gate.waiting);
    gate.open();
    for (const answer of await Promise.all(all)) assert.deepEqual(answer, sum(1));
    assert.deepEqual(await push(serve, `${name} 2 y`, add), sum(2));
    for (let count = 0; count < 3; count++) assert.deepEqual(await push(serve, `${name} 2 y`, add), sum(2));
    assert.equal(text(await store.find("n")), "2");
  }
});

test("of any other number, or another word, nothing is applied", async () => {
  for (const requests of [undefined, memory()]) {
    const store = memory();
    const serve = handler(store, { requests });
    const { name } = await greet(serve);
    for (const ticket of ["2 x", "3 x", "9007199254740991 x"]) {
      assert.equal(await push(serve, `${name} ${ticket}`, add), "forgotten");
    }
    for (const sequence of [1, 2, 3]) assert.deepEqual(await push(serve, `${name} ${sequence} x`, add), sum(sequence));
    for (const ticket of ["1 x", "2 x", "3 y", "5 x", "7 x"]) {
      assert.equal(await push(serve, `${name} ${ticket}`, add), "forgotten", ticket);
    }
    assert.deepEqual(await push(serve, `${name} 3 x`, add), sum(3));
    assert.deepEqual(await push(serve, `${name} 4 z`, add), sum(4));
    assert.equal(text(await store.find("n")), "4");
  }
});

test("a name that nobody gave, or that was given to those who see another part, is not known", async () => {
  for (const requests of [undefined, memory()]) {
    const store = memory();
    const serve = handler(store, {
      requests,
      authorize: ({ headers }) => ({ prefix: headers.get("authorization") ?? "" }),
    });
    const { name } = await greet(serve, { authorization: "a/" });
    assert.equal(await push(serve, `${"0".repeat(32)} 1 x`, add, { authorization: "a/" }), "forgotten");
    for (const authorization of ["", "b/", "a", "a/b"]) {
      assert.equal(await push(serve, `${name} 1 x`, add, { authorization }), "forgotten");
    }
    assert.deepEqual((await store.list()).entries, []);
    assert.deepEqual(await push(serve, `${name} 1 x`, add, { authorization: "a/" }), sum(1));
    // Nor is what it was answered.
    assert.equal(await push(serve, `${name} 1 x`, add, { authorization: "b/" }), "forgotten");
    assert.deepEqual((await store.list()).entries.map(({ key }) => key), ["a/n"]); // prettier-ignore
  }
});

test("with a store to remember them in, pushes are applied once across restarts, and without nothing is", async () => {
  const store = memory();
  const requests = memory();
  const before = handler(store, { requests });
  const { name } = await greet(before);
  assert.deepEqual(await push(before, `${name} 1 x`, add), sum(1));
  const after = handler(store, { requests });
  assert.deepEqual(await push(after, `${name} 1 x`, add), sum(1));
  assert.deepEqual(await push(after, `${name} 2 x`, add), sum(2));
  const without = handler(store);
  for (const sequence of [1, 2, 3]) assert.equal(await push(without, `${name} ${sequence} x`, add), "forgotten");
  assert.equal(text(await store.find("n")), "2");
});

test("two handlers that share a store of requests apply a push once, and the other says that it is under way", async () => {
  const gate = gated(memory());
  const requests = memory();
  const [one, two] = [handler(gate.store, { requests }), handler(gate.store, { requests })];
  const { name } = await greet(one);
  const first = push(one, `${name} 1 x`, add);
  await until(() => gate.waiting);
  assert.equal(await push(two, `${name} 1 x`, add), "running");
  // Another word is none that is under way.
  assert.equal(await push(two, `${name} 1 y`, add), "forgotten");
  gate.open();
  assert.deepEqual(await first, sum(1));
  assert.deepEqual(await push(two, `${name} 1 x`, add), sum(1));
  const both = await Promise.all([one, two, one, two].map((serve) => push(serve, `${name} 2 x`, add)));
  assert.ok(both.every((answer) => answer === "running" || JSON.stringify(answer) === JSON.stringify(sum(2))));
  assert.equal(text(await gate.store.find("n")), "2");
});

test("one that ends after the next has begun takes nothing away from that", async () => {
  for (const requests of [undefined, memory()]) {
    const gate = gated(memory());
    const serve = handler(gate.store, { requests });
    const { name } = await greet(serve);
    const slow = push(serve, `${name} 1 x`, add);
    await until(() => gate.waiting);
    const next = [["write", "a", "v", null, null]];
    const answer = await push(serve, `${name} 2 x`, next);
    gate.open();
    assert.deepEqual(await slow, sum(1));
    assert.deepEqual(await push(serve, `${name} 2 x`, next), answer);
    assert.equal(await push(serve, `${name} 1 x`, add), "forgotten");
  }
});

test("when requests are those of a backup, what they do not know is not applied, whichever way they differ", async () => {
  const store = memory();
  const requests = memory();
  const serve = handler(store, { requests });
  const { name } = await greet(serve);
  await push(serve, `${name} 1 x`, add);
  const { key } = (await requests.list()).entries[0]!;
  const backup = await requests.get(key);
  await push(serve, `${name} 2 x`, add);
  await push(serve, `${name} 3 x`, add);
  await requests.set(key, backup);
  for (const sequence of [3, 4]) assert.equal(await push(serve, `${name} ${sequence} x`, add), "forgotten");
  assert.equal(text(await store.find("n")), "3");
  // What nobody can read is no record.
  for (const broken of ["", "x", "null\n", "5\n", "{}\n", '{"sequence":"1"}\n']) {
    await requests.set(key, bytes(broken));
    for (const sequence of [1, 2]) assert.equal(await push(serve, `${name} ${sequence} x`, add), "forgotten", broken);
  }
  assert.equal(text(await store.find("n")), "3");
});

test("a push that was cut off is under way for 10 s, and then never applied again", async () => {
  const clock = createClock();
  const store = memory();
  const requests = memory({ now: clock.now });
  const stopped = gated(store);
  const dead = handler(stopped.store, { requests, now: clock.now });
  const { name } = await greet(dead);
  // Nothing says any more that it lives.
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  onTestFinished(() => void vi.useRealTimers());
  void push(dead, `${name} 1 x`, add);
  await until(() => stopped.waiting);
  const serve = handler(store, { requests, now: clock.now });
  assert.equal(await push(serve, `${name} 1 x`, add), "running");
  clock.advance(9999);
  assert.equal(await push(serve, `${name} 1 x`, add), "running");
  clock.advance(1);
  assert.equal(await push(serve, `${name} 1 x`, add), "forgotten");
  // By a clock that is far behind it is not under way for longer.
  clock.advance(-60_000);
  assert.equal(await push(serve, `${name} 1 x`, add), "forgotten");
  assert.equal(await store.find("n"), undefined);
});

test("one that is at a push says so, for as long as it takes", async () => {
  const clock = createClock();
  const requests = memory({ now: clock.now });
  const gate = gated(memory());
  const one = handler(gate.store, { requests, now: clock.now });
  const two = handler(gate.store, { requests, now: clock.now });
  const { name } = await greet(one);
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  onTestFinished(() => void vi.useRealTimers());
  const first = push(one, `${name} 1 x`, add);
  await until(() => gate.waiting);
  assert.equal(await push(two, `${name} 1 x`, add), "running");
  for (let time = 0; time < 60_000; time += 3000) {
    clock.advance(3000);
    await vi.advanceTimersByTimeAsync(3000);
    assert.equal(await push(two, `${name} 1 x`, add), "running");
  }
  gate.open();
  assert.deepEqual(await first, sum(1));
  assert.equal(vi.getTimerCount(), 0);
  assert.deepEqual(await push(two, `${name} 1 x`, add), sum(1));
});

test("an answer that cannot be noted is given all the same, and the next push is applied", async () => {
  const requests = memory();
  let isFull = false;
  const full: Store = {
    ...requests,
    async update(key, change, options) {
      return requests.update(
        key,
        (bytes) => {
          const next = change(bytes);
          if (isFull && next && next.length > 130) throw new StoreError("quota-exceeded", "Full");
          return next;
        },
        options,
      );
    },
  };
  const errors: unknown[] = [];
  const gate = gated(memory());
  const serve = handler(gate.store, { requests: full, onError: (error) => errors.push(error) });
  const { name } = await greet(serve);
  const first = push(serve, `${name} 1 x`, add);
  await until(() => gate.waiting);
  isFull = true;
  gate.open();
  assert.deepEqual(await first, sum(1));
  assert.equal((errors[0] as StoreError).code, "quota-exceeded");
  // Nobody knows the answer any more, and it is not applied again.
  assert.equal(await push(serve, `${name} 1 x`, add), "running");
  assert.deepEqual(await push(serve, `${name} 2 x`, add), sum(2));
});

test("where a push cannot be noted, nothing is applied", async () => {
  const requests = memory();
  const { update } = requests;
  let isDown = true;
  const down: Store = {
    ...requests,
    update: (...given) => (isDown ? Promise.reject(new StoreError("unavailable", "Down")) : update(...given)),
  };
  const store = memory();
  const serve = handler(store, { requests: down });
  const { name } = await greet(serve);
  assert.equal(await push(serve, `${name} 1 x`, add), 503);
  assert.equal(await store.find("n"), undefined);
  isDown = false;
  assert.deepEqual(await push(serve, `${name} 1 x`, add), sum(1));
});

test("a store of requests that asks twice, since an answer of its own was lost, takes nothing for begun", async () => {
  const requests = memory();
  const twice: Store = {
    ...requests,
    async update(key, change, options) {
      await requests.update(key, change, options);
      return requests.update(key, change, options);
    },
  };
  const store = memory();
  const serve = handler(store, { requests: twice });
  const { name } = await greet(serve);
  for (const sequence of [1, 2, 2]) assert.deepEqual(await push(serve, `${name} ${sequence} x`, add), sum(sequence));
});

test("a client that waits no longer finds what became of it by asking again", async () => {
  const gate = gated(memory());
  const { store } = gate;
  const serve = handler(store);
  const { name } = await greet(serve);
  assert.equal(await push(serve, `${name} 1 x`, add, { "shelflife-timeout": "1" }), 503);
  const again = push(serve, `${name} 1 x`, add);
  gate.open();
  assert.deepEqual(await again, sum(1));
  assert.equal(text(await store.find("n")), "1");
});

test("a name is remembered for 90 days after its last push", async () => {
  const clock = createClock();
  const { now } = clock;
  for (const requests of [undefined, memory({ now })]) {
    const serve = handler(memory({ now }), { now, requests });
    const { name } = await greet(serve);
    clock.advance(90 * day - 1);
    assert.deepEqual(await push(serve, `${name} 1 x`, add), sum(1));
    clock.advance(90 * day - 1);
    assert.deepEqual(await push(serve, `${name} 1 x`, add), sum(1));
    clock.advance(90 * day - 1);
    assert.deepEqual(await push(serve, `${name} 2 x`, add), sum(2));
    clock.advance(90 * day);
    assert.equal(await push(serve, `${name} 3 x`, add), "forgotten");
  }
});

test("by itself a process remembers so many replicas, those that were heard of last", async () => {
  const serve = handler(memory());
  const names: string[] = [];
  for (let count = 0; count < 10_000; count++) names.push((await greet(serve)).name as string);
  assert.deepEqual(await push(serve, `${names[0]} 1 x`, add), sum(1));
  for (let count = 0; count < 2; count++) names.push((await greet(serve)).name as string);
  assert.equal(await push(serve, `${names[1]} 1 x`, add), "forgotten");
  assert.equal(await push(serve, `${names[2]} 1 x`, add), "forgotten");
  assert.deepEqual(await push(serve, `${names[3]} 1 x`, add), sum(2));
  assert.deepEqual(await push(serve, `${names[0]} 2 x`, add), sum(3));
});

test("by itself a process remembers so many bytes of what it answered", async () => {
  const store = memory();
  await store.set("large", bytes("x".repeat(262_000)));
  const serve = handler(store);
  const names: string[] = [];
  for (let count = 0; count < 300; count++) {
    names.push((await greet(serve)).name as string);
    assert.ok(Array.isArray(await push(serve, `${names[count]} 1 x`, [["write", "large", "v", null, null]])));
  }
  assert.equal(await push(serve, `${names[0]} 2 x`, add), "forgotten");
  assert.deepEqual(await push(serve, `${names[299]} 2 x`, add), sum(1));
});
