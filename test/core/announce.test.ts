// What shares a message to other contexts, and when it goes.
import assert from "node:assert/strict";
import { test, type TestContext, vi } from "vitest";
import { createAnnouncer, type Announcer } from "../../src/core/announce.ts";
import type { KeyChange } from "../../src/core/keyChange.ts";
import { definePageGlobal } from "../support/page.ts";

const change = (key: string): KeyChange => ({ type: "set", key });
interface Fresh {
  readonly announcer: Announcer<KeyChange>;
  /** The keys of each message. */
  readonly messages: string[];
  tick(ms: number): void;
}

/** An announcer with a delay of 10 ms, whose timers run when the test says so. */
function fresh(context: TestContext): Fresh {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  context.onTestFinished(() => void vi.useRealTimers());
  const messages: string[] = [];
  const announcer = createAnnouncer(
    (changes) => void messages.push(changes.map(({ key }) => key).join()),
    10,
    () => globalThis.document?.hidden,
  );
  return { announcer, messages, tick: (ms) => vi.advanceTimersByTime(ms) };
}

test("the first change goes at once, those that follow share a message within the patience", (context) => {
  const { announcer, messages, tick } = fresh(context);
  announcer.report([change("a")]);
  assert.deepEqual(messages, ["a"]);
  announcer.report([change("b"), change("c")]);
  tick(9);
  announcer.report([change("d")]);
  assert.deepEqual(messages, ["a"]);
  tick(1);
  assert.deepEqual(messages, ["a", "b,c,d"]);
  announcer.report([change("e")]);
  tick(9);
  assert.equal(messages.length, 2);
  tick(1);
  assert.deepEqual(messages.slice(2), ["e"]);
  // Nothing followed.
  tick(10);
  announcer.report([change("f")]);
  assert.deepEqual(messages.slice(3), ["f"]);
});

test("a loop that lets no timer run has its changes go a thousand at a time", (context) => {
  const { announcer, messages } = fresh(context);
  for (let count = 0; count <= 2500; count++) announcer.report([change(`${count}`)]);
  assert.deepEqual(
    messages.map((message) => message.split(",").length),
    [1, 1000, 1000],
  );
  announcer.close();
  assert.equal(messages.at(-1)!.split(",").length, 500);
});

test("a close reports what waits, and leaves no timer", (context) => {
  const { announcer, messages, tick } = fresh(context);
  announcer.report([change("a")]);
  announcer.report([change("b")]);
  announcer.close();
  assert.deepEqual(messages, ["a", "b"]);
  tick(100);
  assert.equal(messages.length, 2);
});

test("in a page that is hidden or left nothing waits", (context) => {
  const document = { hidden: false };
  const listeners = new Map<string, () => void>();
  definePageGlobal(context, "document", document);
  definePageGlobal(context, "addEventListener", (type: string, listener: () => void) => listeners.set(type, listener));
  definePageGlobal(context, "removeEventListener", (type: string) => listeners.delete(type));
  const { announcer, messages } = fresh(context);
  announcer.report([change("a")]);
  announcer.report([change("b")]);
  document.hidden = true;
  listeners.get("visibilitychange")!();
  assert.deepEqual(messages, ["a", "b"]);
  announcer.report([change("c")]);
  announcer.report([change("d")]);
  assert.deepEqual(messages.slice(2), ["c", "d"]);
  document.hidden = false;
  announcer.report([change("e")]);
  announcer.report([change("f")]);
  listeners.get("pagehide")!();
  assert.deepEqual(messages.slice(4), ["e", "f"]);
  announcer.close();
  assert.equal(listeners.size, 0);
});

test("a timer that went away with a test's clock keeps nothing back", (context) => {
  const { announcer, messages } = fresh(context);
  announcer.report([change("a")]);
  announcer.report([change("b")]);
  vi.useRealTimers();
  announcer.report([change("c")]);
  assert.deepEqual(messages, ["a", "b,c"]);
  announcer.close();
});
