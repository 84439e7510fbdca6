// A store while a test of its user's holds the timers.
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { afterEach, test, vi } from "vitest";
import { valkey, type ValkeyClient } from "../../../src/backends/valkey.ts";
import { until } from "../../support/until.ts";

afterEach(() => void vi.useRealTimers());

test("calls are sent while a test holds all timers, also those that wait for others", async () => {
  const answers: (() => void)[] = [];
  const client = Object.assign(new EventEmitter(), {
    status: "ready",
    time: async () => [String(Math.floor(Date.now() / 1000)), "0"],
    evalBuffer: async () => [new TextEncoder().encode("plain")],
    evalshaBuffer: (_: string, count: number) =>
      new Promise((resolve) => {
        const absent = Array.from({ length: count - 1 }, () => [null, -2]).flat();
        answers.push(() => resolve(absent));
      }),
    duplicate: () => client,
  }) as unknown as ValkeyClient;
  const store = valkey({ client, sweepInterval: Infinity });
  vi.useFakeTimers();
  const first = store.find("first");
  await until(() => answers.length === 1);
  const second = store.find("second");
  await Promise.resolve();
  answers[0]!();
  assert.equal(await first, undefined);
  await until(() => answers.length === 2, 5000);
  answers[1]!();
  assert.equal(await second, undefined);
});
