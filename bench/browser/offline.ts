import { bare, ours, oursPair, pouch, pouchPair, rx, rxPair, type MakePair, type Pair } from "./offlinePeers.ts";
import { check, getting, group, itemsOf, profileOf, setting, timed, type PageWork } from "./work.ts";

const makes = { shelflife: ours, "the store alone": bare, PouchDB: pouch, "RxDB, Dexie": rx };
const pairs: Readonly<Record<string, MakePair>> = {
  shelflife: oursPair,
  PouchDB: pouchPair,
  "RxDB, Dexie": rxPair,
};
const rows = group("offline row", makes);
const bursts = group("offline burst", makes);
const row = { calls: 100, callers: 1, valueOf: profileOf };
const burst = { calls: 1000, callers: Infinity, valueOf: profileOf };
const entries = 10_000;

const followed = new Map<string, Pair>();

/** Opens a pair whose source holds all entries. */
async function filled(name: string): Promise<Pair> {
  let pair = followed.get(name);
  if (!pair) {
    pair = pairs[name]!(`offline pair ${name}`);
    const items = itemsOf(entries, profileOf, 0);
    for (let at = 0; at < entries; at += 1000) await pair.write(items.slice(at, at + 1000));
    followed.set(name, pair);
  }
  return pair;
}

async function checkSome(pair: Pair, items: ReturnType<typeof itemsOf>): Promise<void> {
  const some = items.filter((_, index) => index % Math.ceil(items.length / 100) === 0);
  check(some, await Promise.all(some.map(([key]) => pair.get(key))));
}

function syncing(): PageWork {
  const round = async (name: string): Promise<number> => {
    const pair = await filled(name);
    await pair.renew();
    const took = await timed(() => pair.sync());
    await checkSome(pair, itemsOf(entries, profileOf, 0));
    return took;
  };
  const peers = Object.keys(pairs).map((name) => [name, () => round(name)] as const);
  return {
    title: "first sync of 10,000 entries, 1 kB JSON",
    calls: entries,
    share: 0.35,
    peers: Object.fromEntries(peers),
  };
}

function catchingUp(): PageWork {
  const caughtUp = new Set<string>();
  const calls = 100;
  const round = async (name: string, number: number): Promise<number> => {
    const pair = await filled(name);
    if (!caughtUp.has(name)) {
      await pair.renew();
      await pair.sync();
    }
    caughtUp.add(name);
    const items = itemsOf(entries, profileOf, number + 1).filter((_, index) => index % (entries / calls) === number);
    await pair.leave?.();
    await pair.write(items);
    const took = await timed(() => pair.sync());
    await checkSome(pair, items);
    return took;
  };
  const peers = Object.keys(pairs).map((name) => [name, (number: number) => round(name, number)] as const);
  return { title: "catching up 100 changes among 10,000", calls, share: 0.5, peers: Object.fromEntries(peers) };
}

/** What is measured of the offline mode. The network is away where values are set and read. */
export const offlineWorks: readonly PageWork[] = [
  setting({ ...row, title: "sequential set, 1 kB JSON" }, rows),
  getting({ ...row, title: "sequential get, 1 kB JSON" }, rows),
  setting({ ...burst, title: "burst set, 1 kB JSON" }, bursts),
  getting({ ...burst, title: "burst get, 1 kB JSON" }, bursts),
  syncing(),
  catchingUp(),
];
