import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "vitest";
import { memory } from "../../src/backends/memory.ts";
import type { Store } from "../../src/core/contract.ts";
import { isStoreError } from "../../src/core/error.ts";
import { pause } from "../../src/core/pause.ts";
import { handler } from "../../src/http/handler.ts";
import { remote, type RemoteOptions } from "../../src/http/remote.ts";
import { listen, type ListenOptions } from "../../src/service/listen.ts";
import { startFaultProxy, type FaultProxy } from "../support/faultProxy.ts";
import type { Fault } from "../support/faults.ts";
import { stormFaults } from "../support/faultStorm.ts";
import { bytes, text } from "../support/pair.ts";

const isUnavailable = (error: unknown): boolean => isStoreError(error, "unavailable");

interface Faulty {
  readonly store: Store;
  readonly proxy: FaultProxy;
  readonly upstream: string;
  open(options?: Partial<RemoteOptions>): Store;
}

/** Serves a store by a socket with a proxy before it. */
async function withProxy(
  work: (faulty: Faulty) => Promise<void>,
  listening: Partial<ListenOptions> = {},
): Promise<void> {
  const store = memory();
  const server = await listen({ answer: handler(store), ...listening });
  const proxy = await startFaultProxy(server.url);
  try {
    await work({ store, proxy, upstream: server.url, open: (more) => remote({ url: proxy.url, ...more }) });
  } finally {
    await proxy.close();
    await server.close({ grace: 1 });
    await store.close();
  }
}

/** Lets the first requests meet a fault each, and the others none. */
function meet(proxy: FaultProxy, ...faults: Fault[]): void {
  proxy.plan = () => faults.shift() ?? "none";
}

test("every fault by itself is got over, by every kind of call", async () => {
  await withProxy(async ({ store, proxy, open }) => {
    const far = open();
    await Promise.all(
      stormFaults.map(async (fault, index) => {
        const own = await startFaultProxy(proxy.url);
        const via = remote({ url: own.url });
        const key = `key ${index}`;
        const value = new Uint8Array(20_000).fill(index);
        const calls: (() => Promise<void>)[] = [
          () => via.set(key, value),
          async () => assert.deepEqual(await via.get(key), value),
          async () => assert.equal(await via.increment(`count ${index}`), 1),
          async () => assert.equal(await via.touch(key, { ttl: 60_000 }), true),
          async () => assert.equal(await via.has(key), true),
          async () => assert.deepEqual((await via.list({ prefix: key })).entries[0]?.key, key),
          async () => assert.equal(await via.compareAndSet(key, value, bytes("next")), true),
          async () => assert.equal(await via.setIfAbsent(`${key} b`, value), true),
          async () => assert.deepEqual(await via.findMany([`${key} b`, "none"]), [value, undefined]),
          () => via.setMany([[`${key} c`, value]]),
          async () => assert.equal(await via.deleteMany([`${key} c`, `${key} b`]), 2),
          async () => assert.equal(text(await via.take(key)), "next"),
          async () => assert.equal(await via.find(key), undefined),
        ];
        for (const [at, call] of calls.entries()) {
          meet(own, fault);
          await call().catch((cause: unknown) => assert.fail(new Error(`${String(fault)}, call ${at}`, { cause })));
        }
        await via.close();
        await own.close();
      }),
    );
    assert.deepEqual((await store.list()).entries.map(({ key }) => key).sort(), stormFaults.map((_, at) => `count ${at}`).sort()); // prettier-ignore
    await far.close();
  });
});

test("a server that is away for a while is waited for, and for no longer than the timeout", async () => {
  await withProxy(async ({ store, proxy, open }) => {
    const far = open({ attempts: 20 });
    await far.set("a", bytes("1"));
    await proxy.down();
    await assert.rejects(open({ attempts: 2 }).get("a"), isUnavailable);
    await assert.rejects(open({ timeout: 100, attempts: 1000 }).get("a"), isUnavailable);
    const waiting = [far.increment("n"), far.get("a")];
    await pause(100);
    await proxy.up();
    const [count, value] = await Promise.all(waiting);
    assert.deepEqual([count, text(value as Uint8Array)], [1, "1"]);
    assert.equal(text(await store.get("n")), "1");
  });
});

test("an answer that asks for a pause gets it, in seconds and as a date", async () => {
  await withProxy(async ({ proxy, open }) => {
    const far = open();
    for (const fault of ["429", "503"] as const) {
      meet(proxy, fault);
      assert.equal(await far.increment(fault), 1);
      assert.equal(proxy.met.get(fault), 1);
    }
  });
});

test("a connection on which nothing comes any more is given up, and the next call takes another", async () => {
  await withProxy(async ({ store, proxy, open }) => {
    const far = open({ timeout: 200 });
    meet(proxy, "silence", "silence");
    const isLate = (error: unknown): boolean => isUnavailable(error) && /within 200 ms/.test(String(error));
    await assert.rejects(far.get("a"), isLate);
    await assert.rejects(far.increment("n"), isLate);
    assert.equal(proxy.met.get("silence"), 2);
    assert.equal(await open().increment("n"), 1);
    assert.equal(text(await store.get("n")), "1");
  });
});

test("a stream that is cut again and again reports each change once", async () => {
  await withProxy(async ({ store, proxy, open }) => {
    const far = open();
    let streams = 0;
    proxy.plan = (_, resource) => (resource === "changes" && streams++ < 8 ? { cutAfter: 8 } : "none");
    const changes = far.watch({ prefix: "k" });
    const first = changes.next();
    await far.has("begun");
    const written: string[] = [];
    const write = (key: string): Promise<void> => store.set(key, bytes("")).then(() => void written.push(key));
    const writing = (async (): Promise<void> => {
      while (streams < 8) {
        await write(`k${written.length}`);
        if (written.length % 3 === 0) await pause(5);
      }
      await write("k last");
    })();
    const seen = [(await first).value.key];
    while (seen.at(-1) !== "k last") seen.push((await changes.next()).value.key);
    await writing;
    assert.deepEqual(seen, written);
    await changes.return!();
    await far.close();
  });
});

test("a client that sends slowly, or less than announced, holds up no other and stores nothing", async () => {
  await withProxy(
    async ({ store, upstream, open }) => {
      const { hostname, port } = new URL(upstream);
      const slow = Array.from({ length: 50 }, (_, index) => {
        const socket = connect(Number(port), hostname);
        socket.on("error", () => {});
        socket.write(`PUT /entry?key=slow${index} HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\nha`);
        const timer = setInterval(() => socket.write("l"), 20);
        return new Promise<void>((resolve) =>
          socket.on("close", () => {
            clearInterval(timer);
            resolve();
          }),
        );
      });
      const far = open();
      for (let index = 0; index < 50; index++) await far.set(`fast ${index}`, bytes("x"));
      await Promise.all(slow);
      assert.equal((await store.list({ prefix: "slow" })).entries.length, 0);
      assert.equal((await store.list({ prefix: "fast" })).entries.length, 50);
    },
    { headerTimeout: 100, requestTimeout: 600 },
  );
});
