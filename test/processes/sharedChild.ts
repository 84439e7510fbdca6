// A process of its own with a store that others share, line by line: [number, name of the call, ...arguments].
import { sqlite } from "../../src/backends/sqlite.ts";
import { valkey } from "../../src/backends/valkey.ts";
import type { Entry, Store } from "../../src/core/contract.ts";
import { handler } from "../../src/http/handler.ts";
import { remote } from "../../src/http/remote.ts";
import { listen } from "../../src/service/listen.ts";
import { answerCalls, say } from "../support/childCalls.ts";
import { text, utf8 } from "../support/bytes.ts";
import { showChange } from "../support/showChange.ts";

const openers: Record<string, (options: any) => Store> = { sqlite, valkey, remote };
// The two keys whose amounts sum to 100, whoever reads them.
const keys = ["a", "b"];
const others = Array.from({ length: 300 }, (_, index) => `other ${index}`);
// So long that they are several pages of a file, and are not written in one go.
const length = 10_000;

let store: Store;
let isStopped = false;
// A clock that is turned by hand, if there is one.
let clock: { now(): number } | undefined;
let time = 1_700_000_000_000;

const amountOf = (value: Uint8Array | undefined): number => Number(text(value));
const amountsOf = (entries: readonly (Entry | undefined)[]): number[] => entries.map((entry) => amountOf(entry?.value));
const valueOf = (amount: number): Uint8Array => utf8(String(amount).padEnd(length));

/** Moves 1 from the first to the second. */
async function move(): Promise<void> {
  await store.transact(keys, (entries) => {
    const [a, b] = amountsOf(entries);
    return [{ value: valueOf(a! - 1) }, { value: valueOf(b! + 1) }];
  });
}

const readers: Record<string, () => Promise<number[]>> = {
  transact: async () => amountsOf(await store.transact(keys, (entries) => entries)),
  findMany: async () => (await store.findMany(keys)).map(amountOf),
  /** With so many others in between that they are not read in one go by chance. */
  "findMany of many": async () => {
    const found = await store.findMany([keys[0]!, ...others, keys[1]!]);
    return [found[0], found.at(-1)].map(amountOf);
  },
};

const calls = {
  async open(name: string, options: object, isTurned = false) {
    if (isTurned) clock = { now: () => time };
    store = openers[name]!({ ...options, ...clock });
  },
  turn: async (ms: number) => void (time += ms),
  begin: () => store.setMany([["a", valueOf(100)], ["b", valueOf(0)]]), // prettier-ignore
  /** Serves the store, and resolves with where. */
  serve: async () => (await listen({ answer: handler(store, clock) })).url,
  /** Moves so often, each time once what was moved before is there. */
  async moveOften(times: number) {
    for (let count = 0; count < times; count++) await move();
  },
  /** Moves for ever, several at once, and says after each how many were acknowledged. */
  async moveOn() {
    let count = 0;
    const lane = async (): Promise<void> => {
      for (;;) {
        await move();
        say(["moved", ++count]);
      }
    };
    await Promise.all([lane(), lane(), lane()]);
  },
  read: (how: string) => readers[how]!(),
  /** Reads again and again until it is stopped, says when it has begun, and resolves with each sum that it saw. */
  async readOn(how: string) {
    const sums = new Set<number>();
    const states = new Set<number>();
    for (let isLast = false; ;) {
      const [a, b] = await readers[how]!();
      sums.add(a! + b!);
      if (!states.size) say(["reads", a]);
      states.add(a!);
      if (isLast) return { sums: [...sums], states: states.size };
      // One more, when all has been written.
      isLast = isStopped;
    }
  },
  stop: async () => void (isStopped = true),
  set: (key: string, value: string, ttl?: number) => store.set(key, utf8(value), { ttl }),
  /** Says every change, from now on. */
  async watch() {
    const changes = store.watch();
    void (async () => {
      for await (const change of changes) say(["changed", showChange(change)]);
    })();
    // A call after the watch is answered when the watch has begun.
    await store.find("none");
  },
  close: () => store.close(),
};

await answerCalls(calls);
