import assert from "node:assert/strict";
import { test } from "vitest";
import * as door from "../../src/index.ts";
import type { Store } from "../../src/index.ts";
import { utf8 } from "../support/bytes.ts";

// What is right for one argument is wrong for the next; none may lead to anything but a StoreError.
const wrongs: readonly unknown[] = [
  undefined, null, true, 0, -1, NaN, Infinity, 1.5, 10n, Symbol("s"), "", "text", "\ud800", "x".repeat(2000),
  {}, [], [undefined], [[]], ["\ud800"], [null], Object.create(null), new Map(), new Set([5]), () => {}, () => 5, async () => {},
  new Date(NaN), /x/, Promise.resolve(), new ArrayBuffer(1), new DataView(new ArrayBuffer(1)), { [Symbol.iterator]: 5 },
  { signal: null }, { signal: {} }, { signal: { throwIfAborted: 5 } }, { ttl: null }, { ttl: "1" }, { ttl: -1 }, { ttl: 1n }, { expiresAt: null }, { expiresAt: {} },
  { prefix: 5 }, { prefix: null }, { prefix: Symbol("s") }, { limit: 0 }, { limit: null }, { limit: 1n }, { cursor: 5 }, { cursor: null }, { unref: {} },
  { value: 5 }, { maxBytes: 5, now: 5 }, { backend: "memory", parameters: 5 }, { backend: {} }, { schema: 5 }, { url: 5 }, { keys: 5 },
  { get: 5 }, { valid: 5, build: 5 }, { "~standard": 5 },
]; // prettier-ignore

/** Calls a function with one wrong argument at a time, and returns the raw errors that this leads to. */
async function rawErrors(
  name: string,
  call: (...given: any[]) => unknown,
  right: readonly unknown[],
  mayThrow = false,
): Promise<string[]> {
  const raw: string[] = [];
  for (let at = 0; at < right.length; at++) {
    for (const wrong of wrongs) {
      const given = right.map((each, index) => (index === at ? wrong : each));
      const note = (how: string, error: unknown): void => {
        if (door.isStoreError(error)) return;
        raw.push(`${name}, argument ${at} as ${String(Object.prototype.toString.call(wrong))} ${show(wrong)} ${how} ${String(error)}`); // prettier-ignore
      };
      try {
        const result = call(...given);
        try {
          if (Object(result) === result && Symbol.asyncIterator in (result as object)) {
            const iterator = (result as AsyncIterable<unknown>)[Symbol.asyncIterator]();
            const step = iterator.next();
            await Promise.race([step, new Promise((resolve) => setImmediate(resolve))]);
            step.catch(() => {});
            await iterator.return?.();
          } else await result;
        } catch (error) {
          note("rejects", error);
        }
      } catch (error) {
        if (!mayThrow || !door.isStoreError(error)) note(mayThrow ? "throws" : "throws, and does not reject,", error);
        if (!mayThrow && door.isStoreError(error)) raw.push(`${name} throws ${String(error)}`);
      }
    }
  }
  return raw;
}

function show(value: unknown): string {
  try {
    return JSON.stringify(value) ?? "";
  } catch {
    return "";
  }
}

const value = utf8("1");
const right: Readonly<Record<string, readonly unknown[]>> = {
  get: ["key", {}],
  find: ["key", {}],
  has: ["key", {}],
  entry: ["key", {}],
  set: ["key", value, {}],
  delete: ["key", {}],
  findMany: [["key"], {}],
  setMany: [[["key", value, {}]], {}],
  deleteMany: [["key"], {}],
  compareAndSet: ["key", value, value, {}],
  setIfAbsent: ["key", value, {}],
  take: ["key", {}],
  increment: ["number", 1, {}],
  update: ["key", () => value, {}],
  touch: ["key", { ttl: 1 }],
  transact: [["key"], (entries: unknown) => entries, {}],
  keys: [{}],
  entries: [{}],
  list: [{}],
  clear: [{}],
  watch: [{}],
  flush: [{}],
  sweep: [{}],
};

const stores: Record<string, () => Store<any>> = {
  memory: () => door.memory(),
  "a backend with the least": () =>
    door.createStore({ get: () => undefined, set() {}, delete: () => false, isPersistent: () => false }),
  prefix: () => door.prefix(door.memory(), "a/"),
  cached: () => door.cached(door.memory(), { maxBytes: 1000 }),
  json: () => door.json(door.memory()),
  "cached json": () => door.cached(door.json(door.memory()), { maxBytes: 1000 }),
};

for (const [name, open] of Object.entries(stores)) {
  test(`${name}: whatever is given to a call, it rejects with a StoreError or takes it, and throws nothing`, async () => {
    const store = open();
    const methods = Object.keys(store).filter((method) => !["isPersistent", "close"].includes(method));
    assert.deepEqual(methods.sort(), Object.keys(right).sort());
    const raw: string[] = [];
    for (const method of methods) {
      const call = store[method as "get"].bind(store) as (...given: unknown[]) => unknown;
      raw.push(...(await rawErrors(method, call, right[method]!)));
    }
    assert.deepEqual(raw, []);
    await store.close();
  });
}

test("whatever is given to another function of the root door, it fails with a StoreError or takes it", async () => {
  const registry = door.createRegistry();
  const functions: Record<string, readonly [call: (...given: any[]) => unknown, right: readonly unknown[]]> = {
    memory: [door.memory, [{}]],
    indexeddb: [door.indexeddb, [{}]],
    localstorage: [door.localstorage, [{}]],
    sessionstorage: [door.sessionstorage, [{}]],
    remote: [door.remote, [{ url: "https://store.test" }]],
    createStore: [door.createStore, [{ get() {}, set() {}, delete: () => false, isPersistent: () => false }, {}]],
    prefix: [door.prefix, [door.memory(), "a"]],
    json: [door.json, [door.memory(), {}]],
    cached: [door.cached, [door.memory(), { maxBytes: 5 }]],
    migrate: [door.migrate, [door.memory(), door.memory(), {}]],
    open: [door.open, [{ backend: "memory" }]],
    valid: [door.valid, [{ backend: "memory" }]],
    createRegistry: [door.createRegistry, [{}]],
    register: [registry.register, ["name", door.memoryFactory]],
    getFactory: [door.getFactory, ["memory"]],
    methods: [door.methods, []],
    isStoreError: [door.isStoreError, [5, "closed"]],
    storageUsage: [door.storageUsage, []],
    "memoryFactory.valid": [door.memoryFactory.valid, [{}]],
    "indexeddbFactory.valid": [door.indexeddbFactory.valid, [{}]],
    "localstorageFactory.valid": [door.localstorageFactory.valid, [{}]],
    "sessionstorageFactory.valid": [door.sessionstorageFactory.valid, [{}]],
    "remoteFactory.valid": [door.remoteFactory.valid, [{}]],
  };
  const raw: string[] = [];
  for (const [name, [call, given]] of Object.entries(functions))
    raw.push(...(await rawErrors(name, call, given, true)));
  assert.deepEqual(raw, []);
  const others = Object.entries(door).filter(([name, each]) => typeof each === "function" && !(name in functions));
  assert.deepEqual(others.map(([name]) => name).sort(), ["StoreError"]);
});
