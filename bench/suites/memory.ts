import { memory } from "../../src/backends/memory.ts";
import type { Suite } from "../bench.ts";
import { changeAll, title, waysOf, type BareChange } from "../changes.ts";
import { timed, type How } from "../doWork.ts";
import type { Peer } from "../peer.ts";
import { bytes, profileOf, ttl, values } from "../memoryPeers.ts";
import { keysOf, valueOf } from "../values.ts";

/** A map that copies what it is given and what it gives. */
function bareChange(): BareChange {
  const map = new Map<string, Uint8Array>();
  const copyOf = (key: string): Uint8Array => new Uint8Array(map.get(key)!);
  return {
    name: "bare Map that copies",
    setMany: (items) => items.forEach(([key, value]) => map.set(key, value)),
    findMany: (keys) => keys.map(copyOf),
    async change(keys, values) {
      const given = keys.map(copyOf);
      values.forEach((value, index) => map.set(keys[index]!, new Uint8Array(value)));
      return [given, keys.map(copyOf)];
    },
  };
}

export const suite: Suite = async (bench) => {
  const row: Pick<How, "calls" | "callers"> = { calls: 50_000, callers: 1 };
  const burst = { calls: 10_000, callers: Infinity };
  const holders = await bench.open(bytes);
  await bench.measure("sequential set, 100 B", holders, { ...row, what: "set" });
  await bench.measure("sequential get, 100 B", holders, { ...row, what: "get" });
  await bench.measure("sequential get of what is not there", holders, { ...row, what: "get", misses: true });
  await bench.measure("burst set, 100 B", holders, { ...burst, what: "set" });
  await bench.measure("burst get, 100 B", holders, { ...burst, what: "get" });
  for (const { close } of holders) await close?.();

  const store = memory({ sweepInterval: Infinity });
  await bench.compare(title, burst.calls, waysOf(store, bareChange()), (way, round) =>
    changeAll(way, { calls: burst.calls, round }, timed),
  );
  await store.close();

  const listed = (await bench.open(bytes)).filter(({ keys }) => keys);
  for (const { set } of listed)
    for (const [index, key] of keysOf(burst.calls).entries()) await set(key, valueOf(index, 0, 100));
  await bench.compare("listing 10,000 keys", burst.calls, listed, async ({ name, keys }) => {
    const start = performance.now();
    const found = await keys!();
    const took = performance.now() - start;
    if (new Set(found).size !== burst.calls) throw new Error(`${name} listed ${found.length} keys`);
    return took;
  });
  for (const { close } of listed) await close?.();

  const large = { calls: 50, callers: 1, size: 1 << 20 };
  const holdersOfLarge = await bench.open(bytes);
  await bench.measure("sequential set, 1 MiB", holdersOfLarge, { ...large, what: "set" });
  await bench.measure("sequential get, 1 MiB", holdersOfLarge, { ...large, what: "get" });
  for (const { close } of holdersOfLarge) await close?.();

  const keepers = await bench.open(values);
  const profile = { ttl, make: profileOf };
  await bench.measure("sequential set, JSON with a ttl", keepers, { ...row, ...profile, what: "set" });
  await bench.measure("sequential get, JSON with a ttl", keepers, { ...row, ...profile, what: "get" });
  const many = keepers
    .filter(({ setMany }) => setMany)
    .map((peer): Peer => ({ ...peer, setAll: peer.setMany, getAll: peer.getMany }));
  await bench.measure("setMany, JSON with a ttl", many, { ...burst, ...profile, what: "set" });
  await bench.measure("findMany, JSON with a ttl", many, { ...burst, ...profile, what: "get" });
  const mix = "mix: 64 callers, Zipf, 90 % get, half of the sets with a deadline, JSON";
  await bench.measure(mix, keepers, { ...profile, what: "mix", calls: 10_000, callers: 64 });
  for (const { close } of keepers) await close?.();
};
