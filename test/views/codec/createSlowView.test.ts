import assert from "node:assert/strict";
import { test } from "vitest";
import { createStore, isStoreError, memory, type Store } from "../../../src/index.ts";
import { encoded, type EncodedOptions } from "../../../src/views/encoded.ts";
import { text, utf8 } from "../../support/bytes.ts";
import { plain, slow } from "../../support/jsonCodecs.ts";
import { refused } from "../../support/refused.ts";

/** A promise that somebody settles by hand. */
function gate(): { opened: Promise<void>; open(): void } {
  let open!: () => void;
  return { opened: new Promise((resolve) => (open = resolve)), open };
}

/** A codec whose encodings end when they are let go, by what they are of. */
function gated(): { codec: EncodedOptions<string>; let: (value: string) => void; begun: string[] } {
  const gates = new Map<string, ReturnType<typeof gate>>();
  const begun: string[] = [];
  return {
    begun,
    let: (value) => gates.get(value)!.open(),
    codec: {
      encode: async (value) => {
        begun.push(value);
        const each = gate();
        gates.set(value, each);
        await each.opened;
        return value;
      },
      decode: async (bytes) => text(bytes)!,
    },
  };
}

test("values of one key are written in the order of the calls, and those of others do not wait", async () => {
  const { codec, let: end } = gated();
  const store = encoded(memory(), codec);
  const first = store.set("a", "1");
  const second = store.setMany([["a", "2"]]);
  const beside = store.set("b", "3");
  end("3");
  await beside;
  end("2");
  // Time enough for what does not wait its turn.
  await new Promise((resolve) => setImmediate(resolve));
  end("1");
  await Promise.all([first, second]);
  assert.deepEqual(await store.findMany(["a", "b"]), ["2", "3"]);
});

test("an encoding that fails holds up no other call", async () => {
  const bytes = memory();
  const store = encoded<number>(bytes, { encode: async (value) => { if (value === 1) throw new Error("no"); return `${value}`; }, decode: async () => 0 }); // prettier-ignore
  const [first, second] = await Promise.allSettled([store.set("a", 1), store.set("a", 2)]);
  assert.deepEqual([first.status, second.status], ["rejected", "fulfilled"]);
  assert.equal(text(await bytes.get("a")), "2");
});

test("a close lets the calls finish that were made before it", async () => {
  const { codec, let: end, begun } = gated();
  const bytes = memory();
  const store = encoded({ ...bytes, close: async () => {} }, codec);
  const writing = store.set("a", "1");
  const updating = store.update("b", () => "2");
  const closing = store.close();
  let isClosed = false;
  void closing.then(() => (isClosed = true));
  end("1");
  await writing;
  while (!begun.includes("2")) await undefined;
  assert.equal(isClosed, false);
  end("2");
  assert.equal(await updating, "2");
  await closing;
  assert.equal(text(await bytes.get("b")), "2");
});

test("a call whose encoding takes too long ends when its signal aborts", async () => {
  const { codec } = gated();
  const store = encoded(memory(), codec);
  const reason = new Error("enough");
  const stop = new AbortController();
  const calls = [store.set("a", "1", stop), store.setMany([["b", "2"]], stop), store.update("c", () => "3", stop), store.transact(["d"], () => [{ value: "4" }], stop)]; // prettier-ignore
  stop.abort(reason);
  for (const call of calls) await assert.rejects(call, reason);
});

/** Counts the calls of a store, and lets something happen before the first of each name. */
function counted(
  store: Store,
  before: Partial<Record<keyof Store, () => Promise<unknown>>>,
): [Store, Map<string, number>] {
  const counts = new Map<string, number>();
  const entries = Object.entries(store).map(([name, call]) => [
    name,
    async (...given: unknown[]): Promise<unknown> => {
      const count = (counts.get(name) ?? 0) + 1;
      counts.set(name, count);
      const work = before[name as keyof Store];
      if (work && count === 1) await work();
      return call(...given);
    },
  ]);
  return [Object.fromEntries(entries) as Store, counts];
}

test("an atomic call of an asynchronous codec decides again on what another has written meanwhile", async () => {
  const bytes = memory();
  const write = (value: string) => () => bytes.set("a", utf8(value));
  const [racing] = counted(bytes, { compareAndSet: write("10") });
  await bytes.set("a", utf8("1"));
  assert.equal(await encoded<any>(racing, slow).increment("a"), 11);
  const [taking] = counted(bytes, { compareAndSet: write("20") });
  assert.equal(await encoded(taking, slow).take("a"), 20);
  assert.equal(await bytes.has("a"), false);

  // Between its reading and its writing, the second transact.
  let count = 0;
  const late = { ...bytes, transact: async (...given: Parameters<Store["transact"]>) => { if (++count === 2) await bytes.set("a", utf8("30")); return bytes.transact(...given); } }; // prettier-ignore
  await bytes.set("a", utf8("1"));
  const seen: unknown[] = [];
  const store = encoded<any>(late, slow);
  assert.equal(await store.update("a", (current) => (seen.push(current), current + 1)), 31); // prettier-ignore
  assert.deepEqual(seen, [1, 30]);
  count = 1;
  assert.equal(await store.compareAndSet("a", 31, 32), true);
});

test("a call that others always outrun is a conflict, and nothing is written", async () => {
  const bytes = memory();
  await bytes.set("a", utf8("1"));
  let round = 0;
  const store = encoded<any>({ ...bytes, compareAndSet: async () => false, transact: async (...given) => { await bytes.set("a", utf8(`${++round}`)); return bytes.transact(...given); } }, slow); // prettier-ignore
  const timers = globalThis.setTimeout;
  // The pauses between its tries.
  globalThis.setTimeout = ((work: () => void) => timers(work, 0)) as typeof timers;
  try {
    for (const call of [
      () => store.take("a"),
      () => store.increment("a"),
      () => store.compareAndSet("a", 1, 2),
      () => store.update("a", () => 5),
      () => store.transact(["a"], () => [{ value: 5 }]),
    ])
      // prettier-ignore
      await assert.rejects(call, (error) => isStoreError(error, "conflict") && error.key === "a");
  } finally {
    globalThis.setTimeout = timers;
  }
  assert.equal(text(await bytes.get("a")), `${round}`);
});

test("a deadline that another gives meanwhile stays, unless the call gives one", async () => {
  const bytes = memory();
  await bytes.set("a", utf8("1"), { expiresAt: 8e15 });
  let count = 0;
  const touched: Store = { ...bytes, transact: async (...given) => { if (++count === 2) await bytes.touch("a", { expiresAt: 8.1e15 }); return bytes.transact(...given); } }; // prettier-ignore
  const store = encoded<any>(touched, slow);
  await store.transact(["a"], ([entry]) => [{ ...entry!, value: 2 }]);
  assert.deepEqual(await store.entry("a"), { value: 2, expiresAt: 8.1e15 });
  await store.transact(["a"], () => [{ value: 3, expiresAt: 8.2e15 }]);
  assert.equal((await store.entry("a"))?.expiresAt, 8.2e15);
  await store.transact(["a", "b"], ([entry]) => [entry, { value: 4, ttl: Infinity }]);
  assert.deepEqual(await store.findMany(["a", "b"]), [3, 4]);
});

test("where all steps are there at once, update and transact are one step of the store below", async () => {
  const [store, counts] = counted(memory(), {});
  const view = encoded<any>(store, plain);
  await view.update("a", () => 1);
  await view.transact(["a", "b"], ([a]) => [{ value: a!.value + 1 }, { value: 5 }]);
  assert.deepEqual([...counts], [["transact", 2]]);
  await encoded<any>(store, slow).update("a", (value) => value + 1);
  assert.deepEqual([...counts], [["transact", 4]]);
});

test("a store that has no atomic calls says so", async () => {
  const least = createStore({ get: () => undefined, set() {}, delete: () => false, isPersistent: () => false });
  for (const store of [encoded<any>(least, plain), encoded<any>(least, slow)]) {
    for (const call of [
      () => store.take("a"),
      () => store.update("a", () => 1),
      () => store.increment("a"),
      () => store.setIfAbsent("a", 1),
      () => store.transact(["a"], () => [undefined]),
    ])
      // prettier-ignore
      await refused(call, "unsupported");
  }
});
