// Connections of watches that break or fall silent, by a clock that is turned by hand. Real servers: test/processes.
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { afterEach, beforeEach, test, vi } from "vitest";
import type { ValkeyClient } from "../../../src/backends/valkey/client.ts";
import { createNames } from "../../../src/backends/valkey/names.ts";
import { createWatches, type Watches } from "../../../src/backends/valkey/watch.ts";
import type { Observer } from "../../../src/core/contract.ts";
import { StoreError } from "../../../src/core/error.ts";
import { until } from "../../support/until.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] }));
afterEach(() => void vi.useRealTimers());

/** A server to which subscribers connect. */
interface Server {
  readonly nodes: () => Promise<readonly ValkeyClient[]>;
  readonly connections: (EventEmitter & { isOpen: boolean })[];
  /** Why nobody is let in, or reads anything. */
  refusal?: Error | undefined;
  outage?: Error | undefined;
  /** What is on its way to the subscribers, who get it before the answer to what they ask. */
  underWay?: string | undefined;
  /** Whether nothing is answered any more, and no connection ends. */
  isSilent?: boolean;
  publish(message: string): void;
}

function startServer(): Server {
  const connections: Server["connections"] = [];
  const server: Server = {
    connections,
    async nodes() {
      if (server.outage) throw server.outage;
      return [{ duplicate: connect } as unknown as ValkeyClient];
    },
    publish(message) {
      for (const each of connections) if (each.isOpen) each.emit("messageBuffer", "channel", new TextEncoder().encode(message)); // prettier-ignore
    },
  };
  function connect(): unknown {
    const client = Object.assign(new EventEmitter(), {
      isOpen: true,
      connect: async () => {},
      subscribe: async () => {
        if (server.refusal) throw server.refusal;
      },
      async ping() {
        if (server.isSilent) return new Promise(() => {});
        if (server.underWay) server.publish(server.underWay);
        server.underWay = undefined;
        return "PONG";
      },
      disconnect() {
        client.isOpen = false;
        client.emit("close");
      },
    });
    connections.push(client);
    return client;
  }
  return server;
}

/** An observer that notes what it gets. */
function note(): { observer: Observer; seen: string[] } {
  const seen: string[] = [];
  const observer: Observer = {
    changed: ({ type, key }) => void seen.push(`${type} ${key}`),
    resync: () => void seen.push("resync"),
    failed: (error) => void seen.push((error as StoreError).code),
  };
  return { observer, seen };
}

function watchesOf(server: Server): Watches {
  return createWatches(new Uint8Array(1), createNames(""), server.nodes);
}

test("a watch whose connection breaks says resync, comes back, says so again, and goes on", async () => {
  const server = startServer();
  const watches = watchesOf(server);
  const { observer, seen } = note();
  await watches.watch(observer);
  server.publish(" s1:a");
  server.connections[0]!.emit("close");
  assert.deepEqual(seen, ["set a", "resync"]);
  server.publish(" s1:b");
  await vi.advanceTimersByTimeAsync(60);
  await until(() => seen.length === 3);
  assert.equal(server.connections.length, 2);
  server.publish(" s1:c");
  assert.deepEqual(seen, ["set a", "resync", "resync", "set c"]);
  watches.close();
  await until(() => vi.getTimerCount() === 0);
});

test("a watch whose connection is half open says resync within two heartbeats", async () => {
  const server = startServer();
  const watches = watchesOf(server);
  const { observer, seen } = note();
  await watches.watch(observer);
  await vi.advanceTimersByTimeAsync(60_000);
  assert.deepEqual([seen, server.connections.length], [[], 1]);
  server.isSilent = true;
  await vi.advanceTimersByTimeAsync(10_000);
  assert.equal(seen[0], "resync");
  server.isSilent = false;
  await vi.advanceTimersByTimeAsync(100);
  await until(() => seen.length === 2);
  server.publish(" s1:a");
  assert.deepEqual(seen, ["resync", "resync", "set a"]);
  watches.close();
});

test("while no server is reached a watch waits; while reads pass and changes do not, it says resync again and again", async () => {
  const server = startServer();
  const watches = watchesOf(server);
  const { observer, seen } = note();
  await watches.watch(observer);
  server.outage = new StoreError("unavailable", "gone");
  server.connections[0]!.emit("close");
  await vi.advanceTimersByTimeAsync(60_000);
  assert.deepEqual(seen, ["resync"]);
  server.outage = undefined;
  server.refusal = new Error("Connection is closed.");
  const later = (condition: () => boolean): Promise<void> =>
    until(async () => {
      await vi.advanceTimersByTimeAsync(2000);
      return condition();
    });
  await later(() => seen.length > 3);
  server.refusal = undefined;
  await later(() => server.connections.at(-1)!.isOpen);
  server.publish(" d1:a");
  assert.deepEqual([...new Set(seen.slice(0, -1)), seen.at(-1)], ["resync", "delete a"]);
  watches.close();
});

test("a watch that is refused when it comes back ends", async () => {
  const server = startServer();
  const watches = watchesOf(server);
  const { observer, seen } = note();
  await watches.watch(observer);
  server.refusal = new Error("NOPERM this user has no permissions");
  server.connections[0]!.emit("close");
  await vi.advanceTimersByTimeAsync(2000);
  await until(() => seen.length === 3);
  assert.deepEqual(seen, ["resync", "resync", "unauthorized"]);
  await until(() => vi.getTimerCount() === 0);
});

test("a watch that begins while another is behind brings that back, and hears of no resync itself", async () => {
  const server = startServer();
  const watches = watchesOf(server);
  const [first, second] = [note(), note()];
  const stop = await watches.watch(first.observer);
  server.connections[0]!.emit("close");
  await watches.watch(second.observer);
  server.publish(" s1:a");
  assert.deepEqual([first.seen, second.seen], [["resync", "resync", "set a"], ["set a"]]); // prettier-ignore
  stop();
  await vi.advanceTimersByTimeAsync(2000);
  assert.equal(server.connections.length, 2);
  watches.close();
});

test("a watch that cannot begin rejects, and leaves nothing", async () => {
  const server = startServer();
  const watches = watchesOf(server);
  server.refusal = new Error("Connection is closed.");
  await assert.rejects(watches.watch(note().observer), { code: "unavailable" });
  await until(() => vi.getTimerCount() === 0);
  server.refusal = undefined;
  const { observer, seen } = note();
  await watches.watch(observer);
  server.publish(" e1:a");
  assert.deepEqual(seen, ["expire a"]);
  watches.close();
});

test("a watch that joins another one reports nothing of what was acknowledged before it was called", async () => {
  const server = startServer();
  const watches = watchesOf(server);
  const [first, second] = [note(), note()];
  await watches.watch(first.observer);
  server.underWay = " s1:a";
  await watches.watch(second.observer);
  server.publish(" s1:b");
  assert.deepEqual([first.seen, second.seen], [["set a", "set b"], ["set b"]]); // prettier-ignore
  watches.close();
});
