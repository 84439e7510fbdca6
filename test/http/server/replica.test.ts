import assert from "node:assert/strict";
import * as fc from "fast-check";
import { test } from "vitest";
import { memory } from "../../../src/backends/memory.ts";
import { handler, type Action, type HandlerOptions } from "../../../src/http/handler.ts";
import { createClock } from "../../../src/testing/clock.ts";
import { fuzz } from "../../support/fuzz.ts";
import { bytes, mount } from "../../support/pair.ts";
import { add, bodyOf, gated, greet, push, sum, type Step } from "../../support/pushing.ts";

const day = 86_400_000;

test("a greeting names a replica, and says what there is to know", async () => {
  const clock = createClock();
  const requests = memory({ now: clock.now });
  const start = (options: HandlerOptions = {}) => handler(memory(), { now: clock.now, requests, ...options });
  const one = await greet(start({ maxBytes: 1000, maxItems: 10 }));
  assert.deepEqual([one.time, one.maxBytes, one.maxItems], [clock.now(), 1000, 10]);
  assert.match(one.name, /^[\da-f]{32}$/);
  const [noted] = (await requests.list()).entries;
  assert.equal(noted!.expiresAt, clock.now() + 90 * day);
  const two = await greet(start());
  assert.notEqual(two.name, one.name);
  assert.equal(two.scope, one.scope);
  const scoped = (prefix: string) => start({ authorize: () => ({ prefix }) });
  const mine = await greet(scoped("me/"));
  assert.equal((await greet(scoped("me/"))).scope, mine.scope);
  for (const other of [one, await greet(scoped("you/"))]) assert.notEqual(other.scope, mine.scope);
  for (const [can, status] of [[["write"], 200], [["read", "list", "watch"], 403]] as [Action[], number][]) {
    const answer = await start({ authorize: () => ({ can }) })(new Request(`${mount}/replica`, { method: "POST" }));
    assert.equal(answer.status, status);
  } // prettier-ignore
});

test("what is refused as a whole uses up no number", async () => {
  const store = memory();
  let can: Action[] | undefined;
  let isKnown = true;
  const serve = handler(store, { maxBytes: 10, maxItems: 3, authorize: () => isKnown && (can ? { can } : true) });
  const { name } = await greet(serve);
  const ticket = `${name} 1 x`;
  const send = async (body: BodyInit, headers: Record<string, string> = {}): Promise<number> =>
    (await serve(new Request(`${mount}/batch`, { method: "POST", body, headers: { "shelflife-replica": ticket, ...headers } }))).status; // prettier-ignore
  const four = Array.from({ length: 4 }, () => add[0]!);
  assert.equal(await send(bodyOf(four)), 413);
  assert.equal(await send(bodyOf(Array.from({ length: 100 }, () => add[0]!))), 413);
  assert.equal(await send(bodyOf([["write", "a", "x".repeat(11), null, null]])), 413);
  assert.equal(await send("x".repeat(20_000)), 413);
  for (const bad of [
    "", "\n", "{}\n", "null\n", '{"push":{}}\n', '{"push":[5]}\n', '{"push":[["add","n",1]]}\n', '{"push":[["add","n",1,null,null]]}\n',
    '{"push":[["drop","n",1,null]]}\n', '{"push":[["__proto__","n",1,null]]}\n', '{"push":[["add",5,1,null]]}\n', '{"push":[["touch","n","keep"]]}\n',
    '{"push":[["write","n",null,null,"keep"]]}\n', '{"push":[["write","n",1,null,null]]}\n', '{"push":[["write","n",1,null,null]]}\nxx',
    '{"push":[["write","n",-1,null,null]]}\n', '{"push":[["write","n",null,5,null]]}\n', '{"push":[["add","n",1,null]],"calls":[]}\n',
    '{"calls":[["increment","n",1,null]]}\n', '{"set":[["n",1,null]]}\nx', '{"push":[[[["add"]]]]}\n',
  ]) assert.equal(await send(bad), 400, bad); // prettier-ignore
  assert.equal(await send(bodyOf(add), { "idempotency-key": "x" }), 400);
  can = ["read"];
  assert.equal(await send(bodyOf(add)), 403);
  can = undefined;
  isKnown = false;
  assert.equal(await send(bodyOf(add)), 401);
  isKnown = true;
  assert.deepEqual((await store.list()).entries, []);
  assert.deepEqual(await push(serve, ticket, add), sum(1));
});

const name = "0123456789abcdef0123456789abcdef";
const good = `${name} 1 word`;
const isTicket = (given: string): boolean => {
  const [, number] = /^[\w-]{1,128} ([1-9]\d{0,15}) [\w-]{1,128}$/.exec(given.trim()) ?? [];
  return Number(number) <= Number.MAX_SAFE_INTEGER;
};
const expectNothing = async (ticket: string): Promise<void> => {
  const store = memory();
  const answer = await push(handler(store), ticket, add);
  assert.equal(answer, isTicket(ticket) ? "forgotten" : 400, JSON.stringify(ticket));
  assert.equal(await store.find("n"), undefined);
};

test("a push without a name, a number and a word is refused", async () => {
  for (const ticket of ["", " ", name, `${name} 1`, `${name} 0 x`, `${name} -1 x`, `${name} 1.5 x`, `${name} 01 x`, `${name} 1e3 x`, `${name} 9007199254740992 x`, `${name} 1 x y`, `${name}  1 x`, `${name},1,x`, `${"x".repeat(129)} 1 x`, `${name} 1 ${"x".repeat(129)}`, `${good}, ${good}`]) await expectNothing(ticket); // prettier-ignore
  const none = await handler(memory())(new Request(`${mount}/batch`, { method: "POST", body: bodyOf(add) }));
  assert.equal(none.status, 400);
});

const at = fc.nat({ max: good.length });
const piece = fc.constantFrom(
  "",
  " ",
  "0",
  "1",
  "-",
  "+",
  ".",
  "e",
  "x",
  "\t",
  ",",
  ";",
  '"',
  "\u00ff",
  "%20",
  "\u0085",
);
fuzz(
  "whatever is in the place of a ticket, it applies nothing",
  fc.tuple(at, fc.nat({ max: 3 }), piece),
  ([start, length, put]) => expectNothing(good.slice(0, start) + put + good.slice(start + length)),
);

test("what was answered to a principal that may read is not for one that may not", async () => {
  for (const requests of [undefined, memory()]) {
    let can: Action[] = ["read", "write"];
    const store = memory();
    await store.set("a", bytes("secret"));
    const { store: slow, open } = gated(store);
    const serve = handler(slow, { requests, authorize: () => ({ can }) });
    const { name } = await greet(serve);
    const steps: Step[] = [["write", "a", "v", null, null], ...add];
    const first = push(serve, `${name} 1 x`, steps);
    can = ["write"];
    assert.doesNotMatch(JSON.stringify(await push(serve, `${name} 1 x`, steps)), /secret/);
    open();
    assert.match(JSON.stringify(await first), /secret/);
    assert.equal(await push(serve, `${name} 1 x`, steps), "forgotten");
    can = ["read", "write"];
    assert.deepEqual(await push(serve, `${name} 1 x`, steps), await first);
  }
});
