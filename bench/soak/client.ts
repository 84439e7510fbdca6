import { remote } from "../../src/http/remote.ts";
import type { Change, Store } from "../../src/core/contract.ts";
import type { Gate } from "./gate.ts";
import type { Times } from "./times.ts";

/** What all clients share. */
export interface Surroundings {
  readonly url: string;
  /** How long a client rests between two calls, at most: ms. */
  readonly rest: number;
  /** When they end: epoch ms. */
  readonly until: number;
  readonly gate: Gate;
  readonly times: Times;
  /** Takes what went wrong. */
  fault(what: string): void;
}

const upTo = (count: number): number => Math.floor(Math.random() * count);

/** Resolves after some ms. */
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** One client: a page that watches its own keys, counts, and reads and writes what soon expires. */
export async function live(name: string, { url, rest, until, gate, times, fault }: Surroundings): Promise<void> {
  const store = remote({ url, headers: { "x-client": name } });
  const counter = createCounter(`${name}/n`, (what) => fault(`${name}: ${what}`));
  const calls = callsOf(name, store, counter);
  const names = Object.keys(calls);
  try {
    while (Date.now() < until) {
      const controller = new AbortController();
      const watch = store.watch({ prefix: `${name}/`, signal: controller.signal });
      const ended = counter.listen(watch).catch((error: unknown) => {
        if (!controller.signal.aborted) fault(`${name}: watch: ${String(error)}`);
      });
      // A page lives for a while, and then another one comes.
      for (const end = Date.now() + 5000 + upTo(20_000); Date.now() < Math.min(end, until);) {
        await pause(upTo(rest));
        const call = names[upTo(names.length)]!;
        await gate
          .pass(() => times.timed(call, calls[call]!))
          .catch((error: unknown) => fault(`${name}: ${call}: ${String(error)}`));
      }
      await counter.settle();
      controller.abort();
      await ended;
    }
  } finally {
    await store.close();
  }
}

/** A number that one client counts, held against what the store reports of it. */
interface Counter {
  increment(store: Store): Promise<void>;
  listen(watch: AsyncIterable<Change>): Promise<void>;
  /** Waits until every step was reported, and none twice. */
  settle(): Promise<void>;
}

function createCounter(counted: string, fault: (what: string) => void): Counter {
  let steps = 0;
  let reported = 0;
  return {
    async increment(store) {
      const count = await store.increment(counted);
      if (count !== ++steps) fault(`counted ${count}, expected ${steps}`);
    },
    async listen(watch) {
      for await (const change of watch) if (change.type !== "resync" && change.key === counted) reported++;
    },
    async settle() {
      for (let tries = 0; reported < steps && tries < 1000; tries++) await pause(10);
      if (reported !== steps) fault(`${reported} changes reported of ${steps}`);
      reported = steps;
    },
  };
}

/** What a client asks for, by name. */
function callsOf(name: string, store: Store, counter: Counter): Record<string, () => Promise<unknown>> {
  const prefix = `${name}/`;
  const value = (): Uint8Array => new Uint8Array(upTo(2000)).fill(upTo(256));
  const ttl = (): number => 1000 + upTo(5000);
  const key = (): string => `${prefix}${upTo(20)}`;
  return {
    find: () => store.find(key()),
    set: () => store.set(key(), value(), { ttl: ttl() }),
    has: () => store.has(key()),
    increment: () => counter.increment(store),
    take: () => store.take(key()),
    touch: () => store.touch(key(), { ttl: ttl() }),
    update: () => store.update(key(), (old) => old?.slice(0, 100) ?? value(), { ttl: ttl() }),
    setIfAbsent: () => store.setIfAbsent(key(), value(), { ttl: ttl() }),
    findMany: () => store.findMany(Array.from({ length: 10 }, key)),
    setMany: () => store.setMany(Array.from({ length: 10 }, () => [key(), value(), { ttl: ttl() }] as const)),
    deleteMany: () => store.deleteMany([key(), key()]),
    list: () => store.list({ prefix, limit: 10 }),
  };
}
