import assert from "node:assert/strict";
import { test, vi } from "vitest";
import { memory } from "../../src/index.ts";
import type { Contact } from "../../src/offline/contact.ts";
import { createContact } from "../../src/offline/contact.ts";
import { keepInStep } from "../../src/offline/sync.ts";
import { text, utf8 } from "../support/bytes.ts";
import { openRoom } from "../support/offlineRoom.ts";
import { until } from "../support/until.ts";

test("a context that waits to lead pulls and pushes when the one that leads does neither", async ({
  onTestFinished,
}) => {
  const { side, status, store, server } = openRoom();
  const counts = { pull: 0, push: 0 };
  const real = createContact(side, status);
  const contact: Contact = Object.assign(Object.create(real) as Contact, {
    pull: async (call: Parameters<Contact["pull"]>[0]) => (counts.pull++, real.pull(call)),
    push: async (call: Parameters<Contact["push"]>[0]) => (counts.push++, real.push(call)),
  });
  // As if another one led for ever, which is frozen.
  vi.stubGlobal("navigator", { locks: { request: () => new Promise(() => {}) } });
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });
  const { watch: _, ...far } = memory();
  const end = keepInStep(contact, { store: far as never, status, name: Promise.resolve("n"), now: Date.now });
  await store.set("mine", utf8("1"));
  await server.set("theirs", utf8("2"));
  await until(async () => {
    await vi.advanceTimersByTimeAsync(1000);
    return text(await server.find("mine")) === "1" && counts.pull > 0;
  });
  assert.equal(text(await store.find("theirs")), "2");
  // Nothing is asked for again as long as somebody has just asked.
  const { pull } = counts;
  await vi.advanceTimersByTimeAsync(60_000);
  assert.equal(counts.pull, pull);
  void end();
});
