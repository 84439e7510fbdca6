// Nodes of a cluster that pass on to one another what is published, some of it late. Real clusters: test/cases, test/processes.
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { test } from "vitest";
import type { ValkeyClient } from "../../../src/backends/valkey/client.ts";
import { subscribe } from "../../../src/backends/valkey/subscription.ts";
import { until } from "../../support/until.ts";

/** A node that says its id when it may, and passes on what is late as soon as somebody subscribes. */
function node(
  id: string,
  { ready = Promise.resolve(), late = [] as string[] } = {},
): ValkeyClient & { publish(message: string): void } {
  const client = Object.assign(new EventEmitter(), {
    duplicate: () => client,
    connect: async () => {},
    cluster: async () => {
      await ready;
      return id;
    },
    subscribe: async () => late.forEach(client.publish),
    ping: async () => "PONG",
    disconnect() {},
    publish: (message: string) => void client.emit("messageBuffer", "channel", new TextEncoder().encode(message)),
  });
  return client as unknown as ReturnType<typeof node>;
}

test("what a node passes on of another that was slow to say its name comes from that one alone, and nothing of before", async () => {
  let answer = (): void => {};
  const ready = new Promise<void>((resolve) => (answer = resolve));
  // Published before the subscription, and passed on after it.
  const nodes = [node("first", { late: ["second s6:before"] }), node("second", { ready })];
  const received: string[] = [];
  let isBegun = false;
  const begun = subscribe(new Uint8Array(1), nodes, {
    received: (message) => void received.push(new TextDecoder().decode(message)),
    lost() {},
  });
  void begun.then(() => (isBegun = true));
  // What does not depend on the slow one is done by then.
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(isBegun, false);
  answer();
  const { stop } = await begun;
  await until(() => isBegun);
  assert.deepEqual(received, []);
  for (const each of nodes) each.publish("second s5:after");
  for (const each of nodes) each.publish("a node that has come since s3:new");
  assert.deepEqual(received, ["second s5:after", "a node that has come since s3:new"]);
  stop();
});
