import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, test } from "vitest";
import { remote } from "../../src/http/remote.ts";
import { startChild, type Child } from "../support/childProcess.ts";
import { pause, startFaultProxy, type Fault, type FaultProxy } from "../support/faultProxy.ts";
import { surviveStorm } from "../support/faultStorm.ts";
import { runtimes } from "../../scripts/runtimes.mjs";

const folder = mkdtempSync(join(tmpdir(), "shelflife-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A runtime's command with which a script can ask for what is of no use to be let go of. */
function exposingGc([path, ...flags]: readonly string[], name: string): string[] {
  if (name === "bun") return [path!, ...flags];
  return name === "deno" ? [path!, flags[0]!, "--v8-flags=--expose-gc", ...flags.slice(1)] : [path!, "--expose-gc", ...flags]; // prettier-ignore
}

/** Serves a SQLite file on a runtime, with a proxy before it. */
async function withServer(
  name: string,
  medium: string,
  work: (proxy: FaultProxy, upstream: string, child: Child) => Promise<void>,
): Promise<void> {
  const child = startChild(exposingGc(runtimes[name as keyof typeof runtimes], name), "./serveChild.ts");
  let proxy: FaultProxy | undefined;
  try {
    const path = join(folder, `${name}-${medium}`);
    const upstream = (await child.call("serve", { path: `${path}.db` }, { path: `${path}-requests.db` })) as string;
    proxy = await startFaultProxy(upstream);
    await work(proxy, upstream, child);
  } finally {
    await proxy?.close();
    await child.kill();
  }
}

const names = ["node24", "deno", "bun"];
// How many callers there are: more for a longer run.
const callers = Number(process.env.SHELFLIFE_FAULT_CALLERS ?? 8);

for (const [seed, name] of names.entries()) {
  test(`in a storm of faults nothing is lost, nothing done twice, and each change told once: ${name}`, () =>
    withServer(name, "storm", (proxy, upstream) =>
      surviveStorm(proxy, { upstream, seed, callers, rounds: 6, cutAfter: 1000 }),
    ));

  test(`faults leave nothing in memory: ${name}`, () =>
    withServer(name, "memory", async (proxy, _, child) => {
      setFlagsFromString("--expose-gc");
      const collect = runInNewContext("gc") as () => void;
      const heaps = async (): Promise<[near: number, far: number]> => {
        const far = (await child.call("heap")) as number;
        for (let turn = 0; turn < 10; turn++) {
          await pause(20);
          collect();
        }
        return [process.memoryUsage().heapUsed, far];
      };
      const faults: Fault[] = ["dropped", "cut request", "lost answer", "cut answer", "long answer", "twice", "429", "404 page", "none"]; // prettier-ignore
      const store = remote({ url: proxy.url, attempts: 1 });
      let count = 0;
      proxy.plan = () => faults[count++ % faults.length]!;
      const value = new Uint8Array(5000);
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
      await load(10);
      const before = await heaps();
      await load(30);
      const after = await heaps();
      assert.ok(count > 2000, `${count} requests`);
      for (const [at, bytes] of after.entries()) {
        const grown = bytes - before[at]!;
        assert.ok(grown < 2 << 20, `${grown} bytes more ${at ? "there" : "here"} after ${count} requests`);
      }
      assert.ok(proxy.open() < 200, `${proxy.open()} connections`);
      await store.close();
    }));
}
