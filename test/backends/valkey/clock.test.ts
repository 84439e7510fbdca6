import assert from "node:assert/strict";
import { afterEach, beforeEach, test, vi } from "vitest";
import type { ValkeyClient } from "../../../src/backends/valkey/client.ts";
import { createClock } from "../../../src/backends/valkey/clock.ts";

const start = Date.UTC(2030, 0, 1);

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date", "performance"], now: start }));
afterEach(() => void vi.useRealTimers());

/** A client of a server whose clock is that far ahead, and to which the way takes so long: ms. */
function serverAhead(ms: number, way: number): ValkeyClient & { readonly asked: number } {
  const client = {
    asked: 0,
    async time() {
      client.asked++;
      vi.advanceTimersByTime(way);
      const now = Date.now() + ms;
      vi.advanceTimersByTime(way);
      return [String(Math.floor(now / 1000)), String((now % 1000) * 1000)];
    },
  };
  return client as unknown as ValkeyClient & { readonly asked: number };
}

const skews: [what: string, ahead: number, way: number, skew: number][] = [
  ["the same", 0, 0, 0],
  ["a minute ahead", 60_000, 0, 60_000],
  ["a minute behind", -60_000, 0, -60_000],
  // What the way to the server and back explains is no difference.
  ["ahead by less than the way back", 5, 10, 0],
  ["behind by less than the way there", -5, 10, 0],
  ["a minute ahead, with a way between", 60_000, 10, 59_990],
  ["a minute behind, with a way between", -60_000, 10, -59_990],
];
for (const [what, ahead, way, skew] of skews) {
  test(`the server's clock decides: ${what}`, async () => {
    const clock = createClock(undefined);
    assert.equal(clock.isSet(), false);
    await clock.compare(serverAhead(ahead, way));
    assert.deepEqual([clock.isSet(), clock.skew(), clock.now() - Date.now()], [true, skew, skew]);
  });
}

test("clocks are compared once a minute, and again with another server", async () => {
  const clock = createClock(undefined);
  const server = serverAhead(1000, 0);
  await clock.compare(server);
  await clock.compare(server);
  assert.deepEqual([server.asked, clock.isDue()], [1, false]);
  vi.advanceTimersByTime(60_000);
  assert.equal(clock.isDue(), true);
  await clock.compare(server);
  assert.deepEqual([server.asked, clock.isDue()], [2, false]);
  clock.reset();
  assert.deepEqual([clock.isSet(), clock.isDue()], [false, true]);
});

test("with a now of the store's own that decides, and no server is asked", async () => {
  const clock = createClock(() => 42);
  const server = serverAhead(1000, 0);
  await clock.compare(server);
  assert.deepEqual([clock.isOwn, clock.isSet(), clock.isDue(), clock.now(), clock.skew()], [true, true, false, 42, 0]);
  assert.equal(server.asked, 0);
});

test("a clock that is set, or replaced by a fake one, is compared anew before it is used", async () => {
  const clock = createClock(undefined);
  const real = { now: Date.now() };
  const server = { asked: 0, time: async () => (server.asked++, [String(real.now / 1000), "0"]) };
  await clock.compare(server as unknown as ValkeyClient);
  assert.deepEqual([clock.isSet(), clock.skew()], [true, 0]);
  vi.setSystemTime(Date.UTC(2000, 0, 1));
  assert.equal(clock.isSet(), false);
  await clock.compare(server as unknown as ValkeyClient);
  assert.deepEqual([clock.isSet(), clock.now(), server.asked], [true, real.now, 2]);
  vi.useRealTimers();
  assert.equal(clock.isSet(), false);
  await clock.compare(server as unknown as ValkeyClient);
  assert.ok(clock.isSet() && server.asked === 3 && Math.abs(clock.now() - real.now) < 60_000);
});
