import assert from "node:assert/strict";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { test } from "vitest";
import { pause } from "../../src/core/pause.ts";
import { remote } from "../../src/http/remote.ts";
import type { Child } from "../support/childProcess.ts";
import type { Fault } from "../support/faults.ts";
import { kinds, withFaultyServer } from "../support/faultyServer.ts";
import { until } from "../support/until.ts";

const faults: readonly Fault[] = ["dropped", "cut request", "lost answer", "cut answer", "long answer", "twice", "429", "404 page", "none"]; // prettier-ignore
const value = new Uint8Array(5000);
// How much more may be in use after some 1,600 requests: bytes.
const most = 1 << 20;

for (const kind of kinds) {
  test(`faults leave nothing in memory: ${kind}`, () =>
    withFaultyServer(kind, async (proxy, _, child) => {
      let count = 0;
      proxy.plan = () => faults[count++ % faults.length]!;
      const store = remote({ url: proxy.url, attempts: 1 });
      const ask = async (index: number): Promise<void> => {
        // One after the other, since what is asked for at once travels together.
        await pause(index % 8);
        await store.set(`key ${index}`, value).catch(() => {});
        await store.increment("n").catch(() => {});
        await store.get(`key ${index}`).catch(() => {});
      };
      const load = async (rounds: number): Promise<void> => {
        for (let round = 0; round < rounds; round++) await Promise.all(Array.from({ length: 32 }, (_, at) => ask(at)));
      };
      await load(5);
      const before = await heapsWith(child);
      await load(17);
      assert.ok(count > 2000, `${count} requests`);
      let grown: number[] = [];
      await until(async () => {
        grown = (await heapsWith(child)).map((bytes, at) => bytes - before[at]!);
        return grown.every((bytes) => bytes < most);
      }).catch(() => assert.fail(`${grown.join(" here and ")} there are the bytes more after ${count} requests`));
      await until(() => proxy.open() < 200);
      await store.close();
    }));
}

/** How much is in use here and in a child, once nothing is there that is of no use: bytes. */
async function heapsWith(child: Child): Promise<readonly [here: number, there: number]> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const there = (await child.call("heap")) as number;
  for (let turn = 0; turn < 10; turn++) {
    // What ends with a socket is let go of a few turns later.
    await pause(20);
    collect();
  }
  return [process.memoryUsage().heapUsed, there];
}
