import assert from "node:assert/strict";
import { test, vi } from "vitest";
import { createContact } from "../../src/offline/contact.ts";
import { keepInStep } from "../../src/offline/sync.ts";
import { text, utf8 } from "../support/bytes.ts";
import { openRoom } from "../support/offlineRoom.ts";
import { until } from "../support/until.ts";

test("a context that waits to lead looks what has changed when nobody has for 15 s", async ({ onTestFinished }) => {
  const { side, status, local, server } = openRoom();
  const contact = createContact(side, status);
  contact.wants = { push: false, pull: true };
  // As if another one led for ever, which is frozen.
  vi.stubGlobal("navigator", { locks: { request: () => new Promise(() => {}) } });
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });
  void keepInStep(contact, { store: server, status, name: Promise.resolve("n"), now: Date.now });
  await server.set("theirs", utf8("2"));
  await until(async () => {
    await vi.advanceTimersByTimeAsync(1000);
    return local.has("dtheirs");
  });
  assert.ok(text(await local.find("dtheirs"))?.endsWith("2"));
});
