import assert from "node:assert/strict";
import { onTestFinished, test, vi } from "vitest";
import { isStoreError } from "../../../src/core/error.ts";
import { remote } from "../../../src/http/remote.ts";
import { bytes, mount, pair } from "../../support/pair.ts";
import { until } from "../../support/until.ts";

const isUnavailable = (error: unknown): boolean => isStoreError(error, "unavailable");

function useFakeTimers(): void {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
}

test("a handler learns how long the caller still waits", async () => {
  const sent: (string | null)[] = [];
  const { far } = pair({
    between: async (request, send) => {
      sent.push(request.headers.get("shelflife-timeout"));
      return send(request);
    },
    remote: { timeout: 5000 },
  });
  await far.set("a", bytes("x"));
  await far.get("a");
  assert.equal(sent[1], null);
  assert.ok(Number(sent[0]) > 0 && Number(sent[0]) <= 5000);
});

test("an aborted call rejects with the reason, aborts its request and is not repeated", async () => {
  useFakeTimers();
  const signals: AbortSignal[] = [];
  const hanging = remote({
    url: mount,
    fetch: (_, { signal }) => {
      signals.push(signal!);
      return new Promise((_, reject) => signal!.addEventListener("abort", () => reject(signal!.reason as Error)));
    },
  });
  const reason = new Error("enough");
  const controller = new AbortController();
  const { signal } = controller;
  const calls = [
    hanging.get("a", { signal }),
    hanging.set("a", bytes("x"), { signal }),
    hanging.update("a", () => bytes("x"), { signal }),
    hanging.take("a", { signal }),
  ];
  const watch = hanging.watch({ signal }).next();
  await until(() => signals.length > 1);
  controller.abort(reason);
  for (const call of calls) await assert.rejects(call, (error) => error === reason);
  assert.equal((await watch).done, true);
  await vi.advanceTimersByTimeAsync(60_000);
  assert.ok(signals.length > 0 && signals.every(({ aborted }) => aborted));
  // Four of the calls travelled together.
  assert.equal(signals.length, 2);
});

test("a call that hangs is an outage when its time is over, whether or not fetch heeds the signal", async () => {
  useFakeTimers();
  const fetch = vi.fn(() => new Promise<Response>(() => {}));
  const hanging = remote({ url: mount, fetch, timeout: 30 });
  for (const [index, call] of [() => hanging.get("a"), () => hanging.take("a")].entries()) {
    const ended = vi.fn();
    const rejected = assert
      .rejects(call(), (error) => isUnavailable(error) && /within 30 ms/.test(String(error)))
      .then(ended);
    await until(() => fetch.mock.calls.length > index);
    await vi.advanceTimersByTimeAsync(29);
    assert.equal(ended.mock.calls.length, 0);
    await vi.advanceTimersByTimeAsync(1);
    await rejected;
  }
  assert.equal(fetch.mock.calls.length, 2);
});

test("a body that never ends is an outage when the time is over", async () => {
  const { far, store } = pair({
    between: async (request, send) => {
      const response = await send(request);
      return new Response(new ReadableStream({ start: (controller) => controller.enqueue(bytes("x")) }), response);
    },
    remote: { timeout: 30 },
  });
  await store.set("a", bytes("value"));
  await assert.rejects(far.get("a"), isUnavailable);
});

test("an endless timeout does not fire at once", async () => {
  const { far } = pair({
    between: async (request, send) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return send(request);
    },
    remote: { timeout: Infinity },
  });
  assert.equal(await far.find("a"), undefined);
  await far.set("a", bytes("x"));
});
