import { each } from "../each.ts";
import { keysOf, valueOf } from "../values.ts";

/** What does the work in a page: a store of ours, a peer, or the bare platform. */
export interface PagePeer {
  /** `ttl` is for those that can: ms. */
  set(key: string, value: unknown, ttl?: number): unknown;
  /** The value as it was set; `undefined` or `null` for a miss. */
  get(key: string): unknown;
  /** The better way to do many at once, where there is one. */
  setMany?(items: Items): unknown;
  getMany?(keys: readonly string[]): Promise<unknown[]>;
  keys?(): Promise<readonly unknown[]>;
  /** Commits what was acknowledged before that; its time counts. */
  flush?(): Promise<void>;
  close?(): unknown;
}

/** Opens a peer on a database, or below a prefix, of that name. */
export type Make = (name: string) => PagePeer;
/** Opens peers, by their names. */
export type Makes = Readonly<Record<string, Make>>;

/** Keys, and the values that are set under them. */
export type Items = readonly (readonly [key: string, value: unknown])[];

/** A piece of work, which each peer does in its turn. */
export interface PageWork {
  readonly title: string;
  readonly calls: number;
  /** A part of the rounds, where one takes long. @default 1 */
  readonly share?: number;
  /** How many calls, by peer, of those for which as many as the others make would take too long. */
  readonly fewer?: Readonly<Record<string, number>>;
  /** Does one round and resolves with the ms that it took; rejects if anything was not done right. */
  readonly peers: Readonly<Record<string, (round: number) => Promise<number>>>;
}

/** What a value is made of: its key's index and the round in which it is set. */
export type ValueOf = (index: number, round: number) => unknown;

/** Bytes that are of one key and one round alone. */
export function bytesOf(size: number): ValueOf {
  return (index, round) => valueOf(index, round, size);
}

/** A profile of about 1 kB as JSON. */
export const profileOf: ValueOf = (index, round) => ({
  id: index,
  name: `User ${index} of round ${round}`,
  isActive: index % 2 === 0,
  tags: Array.from({ length: 20 }, (_, tag) => `tag-${tag}-${index % 100}`),
  visits: Array.from({ length: 15 }, (_, visit) => ({ at: 1_790_000_000_000 + visit * index, page: `/page/${visit}` })),
  about: "What one says of oneself. ".repeat(4),
});

/** So many items of a round. */
export function itemsOf(count: number, valueOf: ValueOf, round: number): Items {
  return keysOf(count).map((key, index) => [key, valueOf(index, round)] as const);
}

/** Opens each peer at its first use and keeps it, for the works that share what is stored. */
export function group(name: string, makes: Makes): Readonly<Record<string, () => PagePeer>> {
  const entries = Object.entries(makes).map(([peer, make]) => {
    let opened: PagePeer | undefined;
    return [peer, () => (opened ??= make(`${name} ${peer}`))] as const;
  });
  return Object.fromEntries(entries);
}

/** Fails unless a sample of what was read is what was set. */
export function check(items: Items, found: readonly unknown[]): void {
  const wrong = items.find(
    ([, value], index) => index % Math.ceil(items.length / 200) === 0 && !isSame(found[index], value),
  );
  if (wrong) throw new Error(`Not what was set under ${wrong[0]}`);
}

function isSame(found: unknown, value: unknown): boolean {
  if (value === undefined) return found === undefined || found === null;
  if (!(value instanceof Uint8Array)) return JSON.stringify(found) === JSON.stringify(value);
  return found instanceof Uint8Array && found.length === value.length && found.every((byte, at) => byte === value[at]);
}

/** Does some work, and resolves with the ms that it took. */
export async function timed(work: () => unknown): Promise<number> {
  // What is left over of the work before.
  await new Promise((resolve) => setTimeout(resolve, 20));
  const start = performance.now();
  await work();
  return performance.now() - start;
}

interface Kind {
  readonly title: string;
  readonly calls: number;
  readonly callers: number;
  readonly valueOf: ValueOf;
  readonly share?: number;
  readonly fewer?: Readonly<Record<string, number>>;
  /** By the one call for many, of those that have it. */
  readonly many?: boolean;
  /** How often each round gets all, where that is so soon done that some browsers' clocks hardly show it. @default 1 */
  readonly times?: number;
}

type Opened = ReturnType<typeof group>;

/** One round of a peer, with how many calls it makes. */
type Round = (peer: PagePeer, round: number, calls: number) => Promise<number>;

/** Returns a work of which each peer does one round at a time. */
export function works(kind: Kind, peers: Opened, round: Round): PageWork {
  const { title, calls, share, fewer } = kind;
  const entries = Object.entries(peers).map(
    ([name, open]) => [name, (number: number) => round(open(), number, fewer?.[name] ?? calls)] as const,
  );
  return { title, calls, ...(share && { share }), ...(fewer && { fewer }), peers: Object.fromEntries(entries) };
}

/** Those that hold just what the first round of a work without sets would find, and how many. */
const filled = new WeakMap<PagePeer, number>();

/** Returns a work that sets, and checks what is there afterwards. */
export function setting(kind: Kind, peers: Opened): PageWork {
  return works(kind, peers, async (peer, round, calls) => {
    const items = itemsOf(calls, kind.valueOf, round);
    filled.delete(peer);
    const took = await timed(async () => {
      await (kind.many ? peer.setMany!(items) : each(items, kind.callers, (item) => peer.set(...item)));
      await peer.flush?.();
    });
    const sample = items.filter((_, index) => index % Math.ceil(items.length / 200) === 0);
    check(sample, await each(sample, 1, ([key]) => peer.get(key)));
    return took;
  });
}

/** Returns a work that gets what was set before, and checks it. */
export function getting(kind: Kind & { readonly misses?: boolean }, peers: Opened): PageWork {
  return works(kind, peers, async (peer, _, calls) => {
    const items = itemsOf(calls, kind.valueOf, 0);
    await fillOnce(peer, items);
    const wanted = kind.misses ? items.map(([key]) => [`${key}:none`, undefined] as const) : items;
    const keys = wanted.map(([key]) => key);
    let found: unknown[] = [];
    const { many, callers, times = 1 } = kind;
    const took = await timed(async () => {
      for (let time = 0; time < times; time++)
        found = many ? await peer.getMany!(keys) : await each(keys, callers, (key) => peer.get(key));
    });
    check(wanted, found);
    return took / times;
  });
}

/** Sets many, unless they are there. */
export async function fillOnce(peer: PagePeer, items: Items): Promise<void> {
  if (filled.get(peer) !== items.length) await fill(peer, items);
  filled.set(peer, items.length);
}

/** Sets many in the way that takes the least. */
export async function fill(peer: PagePeer, items: Items): Promise<void> {
  for (let at = 0; at < items.length; at += 10_000) {
    const part = items.slice(at, at + 10_000);
    await (peer.setMany?.(part) ?? each(part, Infinity, (item) => peer.set(...item)));
  }
}
