import { indexeddb } from "../../src/backends/indexeddb.ts";
import { changeAll, title as changing, waysOf } from "../changes.ts";
import { each } from "../each.ts";
import { mixOf, randomOf } from "../random.ts";
import { keysOf } from "../values.ts";
import { bareChange, floor, makes, shelflife } from "./indexeddbPeers.ts";
import {
  bytesOf,
  check,
  fill,
  fillOnce,
  getting,
  group,
  itemsOf,
  profileOf,
  setting,
  timed,
  works,
  type Makes,
  type PagePeer,
  type PageWork,
} from "./work.ts";

const small = bytesOf(100);
const hour = 3_600_000;
const burst = { calls: 10_000, callers: Infinity, valueOf: small };
// In slices, so that what else the machine does falls on all alike: 1,000 calls in five rounds.
const row = { calls: 200, callers: 1, valueOf: small, share: 5 };
const all = makes();
// A transaction for each call: 10,000 in one burst take them half a minute. With fewer they are faster, not slower.
const fewer = Object.fromEntries(["localForage", "unstorage", "Dexie", "browser-level"].map((name) => [name, 1000]));
const fewest = { ...fewer, "idb-keyval": 1000 };

/** Some of the peers, by name. */
const some = (makes: Makes, ...names: string[]): Makes =>
  Object.fromEntries(Object.entries(makes).filter(([name]) => names.includes(name)));

const bursts = group("burst", all);
// Each read asks the database, as the first of every key does.
const asking = { "shelflife, nothing held": shelflife({ cacheBytes: 0 }) };
const askingBursts = { ...bursts, ...group("burst", asking) };
const many = ["shelflife", "idb-keyval", "Dexie", "browser-level", floor];
const lists = group("many", some(all, ...many));
const rows = group("row", all);
const askingRows = { ...rows, ...group("row", asking) };

/** What an application does, by several callers, on what is there. */
function mix(): PageWork {
  const keys = keysOf(burst.calls);
  const title = "mix: 64 callers, Zipf, 90 % get, half of the sets with a deadline";
  return works({ ...burst, calls: 2000, title }, askingBursts, async (peer, round, calls) => {
    await fillOnce(peer, itemsOf(keys.length, small, 0));
    const steps = mixOf(keys.length, round, calls);
    let wrong = 0;
    const took = await timed(() =>
      each(steps, 64, async ({ index, isSet, isDated }) => {
        if (isSet) {
          await peer.set(keys[index]!, small(index, round), isDated ? hour : undefined);
          return;
        }
        const found = (await peer.get(keys[index]!)) as Uint8Array | undefined;
        if (found?.length !== 100 || new DataView(found.buffer, found.byteOffset).getUint32(0) !== index) wrong++;
      }),
    );
    if (wrong) throw new Error(`${wrong} values are wrong`);
    const set = steps.filter(({ isSet }, at) => isSet && at % 10 === 0).map(({ index }) => index);
    const items = set.map((index) => [keys[index]!, small(index, round)] as const);
    check(items, await each(items, 1, ([key]) => peer.get(key)));
    return took;
  });
}

/** Opens what is there and reads one value. */
function opening(peers: Makes): PageWork {
  const calls = 10;
  const filled = new Set<string>();
  const entries = Object.entries(peers).map(([name, make]) => {
    const open = (): PagePeer => make(`open ${name}`);
    const round = async (): Promise<number> => {
      const items = itemsOf(100, small, 0);
      if (!filled.has(name)) {
        const peer = open();
        await fill(peer, items);
        await peer.close!();
      }
      filled.add(name);
      let took = 0;
      for (let count = 0; count < calls; count++) {
        let peer: PagePeer;
        let found: unknown;
        took += await timed(async () => {
          peer = open();
          found = await peer.get(items[0]![0]);
        });
        check(items.slice(0, 1), [found]);
        await peer!.close!();
      }
      return took;
    };
    return [name, round] as const;
  });
  return { title: "cold open to first value", calls, peers: Object.fromEntries(entries) };
}

function listing(): PageWork {
  return works({ ...burst, title: "listing 10,000 keys" }, bursts, async (peer, _, calls) => {
    await fillOnce(peer, itemsOf(calls, small, 0));
    let keys: readonly unknown[] = [];
    const took = await timed(async () => (keys = await peer.keys!()));
    if (new Set(keys).size !== calls) throw new Error(`${new Set(keys).size} keys of ${calls} were listed`);
    return took;
  });
}

/** Changes what is there, by `update` and by `transact`. */
function changes(): PageWork {
  const store = indexeddb({ database: "changes", sweepInterval: Infinity });
  const { calls, share } = row;
  const peers = waysOf(store, bareChange("bare changes")).map(
    (way) => [way.name, (round: number) => changeAll(way, { calls, round }, timed)] as const,
  );
  return { title: changing, calls, share, peers: Object.fromEntries(peers) };
}

/** Removes 100 that have expired among others, which should not matter. */
function sweeping(): PageWork {
  const among = (count: number) => {
    let now = 1_000_000;
    const store = indexeddb({ database: `sweep ${count}`, sweepInterval: Infinity, now: () => now });
    let isFilled = false;
    return async (): Promise<number> => {
      for (let at = 0; !isFilled && at < count; at += 10_000) {
        // Half of those that stay have a deadline, far away.
        await store.setMany(
          Array.from(
            { length: Math.min(count, 10_000) },
            (_, index) =>
              [`user:${at + index}`, small(index, 0) as Uint8Array, index % 2 ? { ttl: 1e12 } : undefined] as const,
          ),
        );
      }
      isFilled = true;
      await store.setMany(
        Array.from(
          { length: 100 },
          (_, index) => [`short:${index}`, small(index, 0) as Uint8Array, { ttl: 10 }] as const,
        ),
      );
      now += 10;
      let swept = 0;
      const took = await timed(async () => (swept = await store.sweep()));
      if (swept !== 100) throw new Error(`${swept} were swept`);
      return took;
    };
  };
  return {
    title: "sweeping 100 expired",
    calls: 100,
    peers: { "shelflife among 1,000": among(1000), "shelflife among 100,000": among(100_000) },
  };
}

/** The same calls on a small and on a large database. */
function growing(what: "set" | "get", cacheBytes?: number): PageWork {
  const store = shelflife({ cacheBytes });
  const held = cacheBytes === 0 ? ", nothing held" : "";
  const opened = group(`growth${held}`, { "shelflife of 1,000": store, "shelflife of 100,000": store });
  const sizes: Record<string, number> = { "shelflife of 1,000": 1000, "shelflife of 100,000": 100_000 };
  const filled = new Set<string>();
  const calls = 500;
  const entries = Object.entries(opened).map(([name, open]) => {
    const round = async (number: number): Promise<number> => {
      const size = sizes[name]!;
      const items = itemsOf(size, small, number);
      if (!filled.has(name)) await fill(open(), items);
      filled.add(name);
      const random = randomOf(number);
      const picked = Array.from({ length: calls }, () => items[Math.floor(random() * size)]!);
      let found: unknown[] = [];
      const took = await timed(async () => {
        found = await each(picked, 1, ([key, value]) => (what === "set" ? open().set(key, value) : open().get(key)));
      });
      if (what === "get" && found.some((value) => (value as Uint8Array | undefined)?.length !== 100))
        throw new Error("A value is missing");
      return took;
    };
    return [name, round] as const;
  });
  return { title: `growth: sequential ${what} at random${held}`, calls, peers: Object.fromEntries(entries) };
}

const { shelflife: _, ...others } = all;
const dated = group("dated", { "shelflife, a deadline each": shelflife({ ttl: hour }), ...others });
// What promises less, beside those that are the fastest otherwise.
const fastest = some(all, "shelflife", "idb-keyval", "Dexie", floor);
const traded = { "shelflife, buffered, and its flush": shelflife({ acknowledge: "buffered" }), ...fastest };
const held = { "shelflife, cached": shelflife({ maxBytes: 10_000_000 }), ...fastest };
const profiles = group("json", makes({ isJson: true }));
const large = group("large", all);
const profile = { ...burst, valueOf: profileOf, share: 0.5, fewer: fewest };
const megabytes = { calls: 10, callers: 1, valueOf: bytesOf(1 << 20), share: 2 };

/** What is measured of IndexedDB. */
export const indexeddbWorks: readonly PageWork[] = [
  setting({ ...burst, title: "burst set, 100 B", share: 0.5, fewer }, bursts),
  getting({ ...burst, title: "burst get, 100 B", fewer }, askingBursts),
  getting({ ...burst, title: "burst get, misses", misses: true, fewer }, bursts),
  setting({ ...burst, title: "burst set with a deadline each, 100 B", share: 0.5, fewer }, dated),
  setting({ ...profile, title: "burst set, 1 kB JSON" }, profiles),
  getting({ ...profile, title: "burst get, 1 kB JSON" }, profiles),
  setting({ ...row, title: "sequential set, 100 B" }, rows),
  getting({ ...row, title: "sequential get, 100 B" }, askingRows),
  getting({ ...row, title: "sequential get, misses", misses: true }, rows),
  changes(),
  setting({ ...row, calls: 1000, title: "sequential set of 1,000, 100 B" }, group("traded", traded)),
  getting(
    { ...row, calls: 2000, share: 1, title: "sequential get of 2,000 again and again, 100 B" },
    group("held", held),
  ),
  setting({ ...burst, title: "setMany, 100 B", many: true }, lists),
  getting({ ...burst, title: "findMany, 100 B", many: true }, lists),
  listing(),
  mix(),
  setting({ ...megabytes, title: "sequential set, 1 MiB" }, large),
  getting({ ...megabytes, title: "sequential get, 1 MiB" }, large),
  opening(some(all, ...many)),
  sweeping(),
  growing("set"),
  growing("get"),
  growing("get", 0),
];
