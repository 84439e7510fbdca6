// Lets many callers use a store through a proxy that lets little pass as it should, and checks what came of it.
import assert from "node:assert/strict";
import type { Change } from "../../src/core/contract.ts";
import { remote } from "../../src/http/remote.ts";
import { bytes, text } from "./pair.ts";
import type { FaultProxy } from "./faultProxy.ts";
import type { Fault } from "./faults.ts";
import { createRandom } from "./random.ts";
import { showChange } from "./showChange.ts";

/** What a storm is made of. */
export const stormFaults: readonly Fault[] = [
  "dropped",
  "cut request",
  "lost answer",
  "cut answer",
  "long answer",
  "twice",
  "twice at once",
  "slow",
  "429",
  "503",
  "200 page",
  "404 page",
  "502 page",
  "portal",
];

export interface Storm {
  /** Where the server is without the proxy. */
  readonly upstream: string;
  readonly seed: number;
  readonly callers: number;
  readonly rounds: number;
  /** How many pieces of a stream of changes arrive before it breaks, about. */
  readonly cutAfter: number;
}

/**
 * Does all that a store can do through faults of every kind, and asserts that nothing that was acknowledged is lost, nothing
 * applied twice, and each change reported once.
 */
export async function surviveStorm(proxy: FaultProxy, storm: Storm): Promise<void> {
  const { upstream, seed, callers, rounds, cutAfter } = storm;
  const random = createRandom(seed);
  const cut = (): Fault => ({ cutAfter: Math.ceil(cutAfter * (0.5 + random())) });
  proxy.plan = (_, resource) => (resource === "changes" ? cut() : "none");
  const options = { url: proxy.url, attempts: 50, timeout: 240_000 };
  const direct = remote({ url: upstream });
  const watcher = remote(options);
  const reported = new Map<string, number>();
  const changes = watcher.watch();
  const first = changes.next();
  // What is done after a watch was asked for is reported by it.
  await watcher.has("begun");
  await direct.set("first", bytes(""));
  const watching = follow(first);

  async function follow(step: Promise<IteratorResult<Change>>): Promise<void> {
    for (;;) {
      const change = showChange((await step).value as Change);
      if (change === "set last") return;
      reported.set(change, (reported.get(change) ?? 0) + 1);
      step = changes.next();
    }
  }

  async function call(caller: number): Promise<void> {
    const far = remote(options);
    for (let round = 0; round < rounds; round++) {
      const name = `${caller}/${round}`;
      await far.set(`kept ${name}`, bytes(`value of ${name}`));
      assert.equal(await far.increment(`count ${caller}`), round + 1);
      await far.increment("count of all");
      await far.update("list", (list) => bytes(`${list ? text(list) : ""}${name};`));
      await far.setMany([
        [`one ${name}`, bytes(name)],
        [`two ${name}`, bytes(name)],
        [`three ${name}`, bytes(name)],
      ]);
      // At once, so that they travel together.
      const [taken, sum, isSet] = await Promise.all([
        far.take(`one ${name}`),
        far.increment(`together ${caller}`, 2),
        far.setIfAbsent(`absent ${name}`, bytes("x")),
      ]);
      assert.deepEqual([text(taken), sum, isSet], [name, 2 * (round + 1), true]);
      assert.equal(await far.deleteMany([`two ${name}`, `three ${name}`, `none ${name}`]), 2);
    }
    await far.close();
  }

  const isFaulty = (): boolean => random() < 0.4;
  proxy.plan = (_, resource) => {
    if (resource === "changes") return cut();
    return isFaulty() ? stormFaults[Math.floor(random() * stormFaults.length)]! : "none";
  };
  await Promise.all(Array.from({ length: callers }, (_, caller) => call(caller)));
  proxy.plan = (_, resource) => (resource === "changes" ? cut() : "none");
  await direct.set("last", bytes(""));
  await watching;
  await changes.return!();

  const names = Array.from({ length: callers * rounds }, (_, at) => `${Math.floor(at / rounds)}/${at % rounds}`);
  const kept = await direct.findMany(names.map((name) => `kept ${name}`));
  assert.deepEqual(
    kept.map(text),
    names.map((name) => `value of ${name}`),
  );
  assert.equal(text(await direct.get("count of all")), String(callers * rounds));
  const list = text(await direct.get("list"))!
    .split(";")
    .slice(0, -1);
  assert.deepEqual([...list].sort(), [...names].sort());
  for (const kind of ["one", "two", "three"]) {
    assert.ok((await direct.findMany(names.map((name) => `${kind} ${name}`))).every((value) => !value));
    for (const name of names) assert.equal(reported.get(`delete ${kind} ${name}`), 1, `delete ${kind} ${name}`);
  }
  assert.equal(reported.get("set count of all"), callers * rounds);
  assert.equal(reported.get("set list"), callers * rounds);
  for (let caller = 0; caller < callers; caller++) assert.equal(reported.get(`set count ${caller}`), rounds);
  for (const name of names) assert.equal(reported.get(`set absent ${name}`), 1, name);
  for (const name of names) assert.ok(reported.get(`set kept ${name}`)! >= 1, name);
  for (const fault of [...stormFaults, "cutAfter", "none"]) assert.ok(proxy.met.has(String(fault)), String(fault));
  await Promise.all([watcher.close(), direct.close()]);
}
