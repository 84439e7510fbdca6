// How long calls wait for a server, by a clock that is turned by hand. test/processes/valkeyFaults.test.ts has real servers.
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { afterEach, beforeEach, test, vi } from "vitest";
import { valkey, type ValkeyClient } from "../../../src/backends/valkey.ts";
import type { Store } from "../../../src/core/contract.ts";
import { isStoreError } from "../../../src/core/error.ts";

const timeout = 300;
const value = new Uint8Array(1);

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

/** A client in some state, whose server never answers a script. */
function silentClient(status: string): { client: ValkeyClient; scripts(): number } {
  let scripts = 0;
  const client = Object.assign(new EventEmitter(), {
    status,
    time: async () => [String(Math.floor(Date.now() / 1000)), "0"],
    // What a store asks for before anything else: whether it has its prefix to itself.
    evalBuffer: async () => [new TextEncoder().encode("plain")],
    evalshaBuffer: () => new Promise(() => scripts++),
    duplicate: () => client,
  }) as unknown as ValkeyClient;
  return { client, scripts: () => scripts };
}

function open(client: ValkeyClient): Store {
  return valkey({ client, timeout, sweepInterval: Infinity });
}

/** Lets all that waits for no timer happen. */
async function turns(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

/** Notes how a call ends. */
function noted(call: Promise<unknown>): { error?: unknown } {
  const outcome: { error?: unknown } = {};
  call.catch((error: unknown) => (outcome.error = error));
  return outcome;
}

test("a call waits for a connection as long as the timeout, and no longer", async () => {
  const store = open(silentClient("connecting").client);
  const first = noted(store.get("key"));
  await turns(() => vi.getTimerCount() === 1);
  await vi.advanceTimersByTimeAsync(timeout - 1);
  const second = noted(store.set("key", value));
  assert.deepEqual([first, second], [{}, {}]);
  await vi.advanceTimersByTimeAsync(1);
  for (const { error } of [first, second]) {
    assert.ok(isStoreError(error, "unavailable") && /no connection within 300 ms/.test(error.message), String(error));
  }
});

test("what a connection has been down for counts: after the timeout a call does not wait", async () => {
  const store = open(silentClient("connecting").client);
  const first = noted(store.get("key"));
  await turns(() => vi.getTimerCount() === 1);
  await vi.advanceTimersByTimeAsync(timeout + 1000);
  assert.ok(first.error);
  const second = noted(store.get("key"));
  await turns(() => vi.getTimerCount() === 1);
  await vi.advanceTimersByTimeAsync(0);
  assert.ok(isStoreError(second.error, "unavailable"), String(second.error));
});

test("a write waits for an answer as long as the timeout, and is sent once", async () => {
  const { client, scripts } = silentClient("ready");
  const { error } = await endsAfter(open(client).set("key", value), timeout, () => scripts() === 1);
  assert.ok(isStoreError(error, "unavailable") && /not known/.test(error.message), String(error));
  assert.equal(scripts(), 1);
});

test("a read waits for an answer as long as the timeout, and once more when it is repeated", async () => {
  const { client, scripts } = silentClient("ready");
  const { error } = await endsAfter(open(client).get("key"), 2 * timeout, () => scripts() === 1);
  assert.ok(isStoreError(error, "unavailable") && !/not known/.test(error.message), String(error));
  assert.equal(scripts(), 2);
});

/** Asserts that a call ends so many ms after it has begun, and returns how. */
async function endsAfter(call: Promise<unknown>, ms: number, hasBegun: () => boolean): Promise<{ error?: unknown }> {
  const outcome = noted(call);
  await turns(hasBegun);
  await vi.advanceTimersByTimeAsync(ms - 1);
  assert.deepEqual(outcome, {});
  await vi.advanceTimersByTimeAsync(1);
  return outcome;
}
