import { expect, test } from "vitest";
import type { Store } from "../../src/core/contract.ts";
import { utf8 } from "./bytes.ts";

/** A function, and what it can be called with. */
type Callable = readonly [call: (...given: any[]) => unknown, right: readonly unknown[]];

/** The doors whose functions are called. */
interface Doors {
  readonly index: typeof import("../../src/index.ts");
  readonly extras: typeof import("../../src/extras.ts");
  readonly handler: typeof import("../../src/http/handler.ts");
  readonly localforage: typeof import("../../src/adapters/localforage.ts");
}

// What is right for one argument is wrong for the next; none may lead to anything but a StoreError.
const wrongs: readonly unknown[] = [
  undefined, null, true, 0, -1, NaN, Infinity, 1.5, 10n, Symbol("s"), "", "text", "\ud800", "x".repeat(2000),
  {}, [], [undefined], [[]], ["\ud800"], [null], Object.create(null), new Map(), new Set([5]), () => {}, () => 5, async () => {},
  new Date(NaN), /x/, Promise.resolve(), new ArrayBuffer(1), new DataView(new ArrayBuffer(1)), { [Symbol.iterator]: 5 },
  { signal: null }, { signal: {} }, { signal: { throwIfAborted: 5 } }, { ttl: null }, { ttl: "1" }, { ttl: -1 }, { ttl: 1n }, { expiresAt: null }, { expiresAt: {} },
  { prefix: 5 }, { prefix: null }, { prefix: Symbol("s") }, { limit: 0 }, { limit: null }, { limit: 1n }, { cursor: 5 }, { cursor: null }, { unref: {} },
  { value: 5 }, { maxBytes: 5, now: 5 }, { backend: "memory", parameters: 5 }, { backend: {} }, { schema: 5 }, { url: 5 }, { keys: 5 },
  { get: 5 }, { valid: 5, build: 5 }, { "~standard": 5 }, new Blob(["x"]), new Headers(), new Request("http://store.test/a"), new Response("x"),
]; // prettier-ignore

const value = utf8("1");
const codec = { encode: async (given: any): Promise<any> => given, decode: (bytes: unknown) => bytes };
// A key that looks like one, with which the platform fails.
const fake: any = { algorithm: { name: "AES-GCM" }, usages: ["encrypt", "decrypt"] };
const calls: Readonly<Record<string, readonly unknown[]>> = {
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

/**
 * Defines tests that call every function of the doors, and every call of their stores, with every kind of wrong argument,
 * those of `more` too. `media` are stores besides those that are everywhere.
 */
export function defineWrongArguments(
  doors: Doors,
  media: Readonly<Record<string, () => Store>>,
  more: readonly unknown[] = [],
): void {
  const { index, extras } = doors;
  const kinds = [...wrongs, ...more];
  const stores: Record<string, () => Store<any>> = {
    memory: () => index.memory(),
    "a backend with the least": () =>
      index.createStore({ get: () => undefined, set() {}, delete: () => false, isPersistent: () => false }),
    prefix: () => index.prefix(index.memory(), "a/"),
    cached: () => index.cached(index.memory(), { maxBytes: 1000 }),
    json: () => index.json(index.memory()),
    text: () => extras.text(index.memory()),
    encoded: () => extras.encoded(index.memory(), codec),
    compressed: () => extras.compressed(index.memory(), { over: 1 }),
    encrypted: () => extras.encrypted(index.memory(), { keys: { fake } }),
    "cached json": () => index.cached(index.json(index.memory()), { maxBytes: 1000 }),
    remote() {
      const answer = doors.handler.handler(index.memory());
      return index.remote({ url: "https://store.test", fetch: (url, init) => answer(new Request(url, init)) });
    },
    ...media,
  };

  for (const [name, open] of Object.entries(stores)) {
    test(`${name}: whatever is given to a call, it rejects with a StoreError or takes it, and throws nothing`, async () => {
      const store = open();
      const methods = Object.keys(store).filter((method) => !["isPersistent", "close"].includes(method));
      expect(methods.sort()).toStrictEqual(Object.keys(calls).sort());
      const raw: string[] = [];
      for (const method of methods) {
        const call = store[method as "get"].bind(store) as (...given: unknown[]) => unknown;
        raw.push(...(await rawErrors(index, method, [call, calls[method]!], kinds)));
      }
      expect(raw).toStrictEqual([]);
      await store.close();
    });
  }

  test("whatever is given to another function of a door, it fails with a StoreError or takes it", async () => {
    const raw: string[] = [];
    const functions = functionsOf(doors);
    for (const [name, each] of Object.entries(functions))
      raw.push(...(await rawErrors(index, name, each, kinds, true)));
    expect(raw).toStrictEqual([]);
    const all = Object.values(doors).flatMap((door) => Object.entries(door as object));
    const others = all.filter(([name, each]) => typeof each === "function" && !(name in functions));
    expect(others.map(([name]) => name)).toStrictEqual(["StoreError"]);
  });
}

/** The functions of the doors that are no calls of a store. */
function functionsOf({ index, extras, handler, localforage }: Doors): Record<string, Callable> {
  const registry = index.createRegistry();
  const instance = { getItem() {}, setItem() {}, removeItem() {}, keys: () => [], ready() {}, config: () => ({}), driver() {} }; // prettier-ignore
  return {
    memory: [index.memory, [{}]],
    indexeddb: [index.indexeddb, [{}]],
    localstorage: [index.localstorage, [{}]],
    sessionstorage: [index.sessionstorage, [{}]],
    remote: [index.remote, [{ url: "https://store.test" }]],
    createStore: [index.createStore, [{ get() {}, set() {}, delete: () => false, isPersistent: () => false }, {}]],
    prefix: [index.prefix, [index.memory(), "a"]],
    json: [index.json, [index.memory(), {}]],
    cached: [index.cached, [index.memory(), { maxBytes: 5 }]],
    migrate: [index.migrate, [index.memory(), index.memory(), {}]],
    observe: [extras.observe as (...given: any[]) => unknown, [index.memory(), "key", {}]],
    text: [extras.text, [index.memory()]],
    encoded: [extras.encoded, [index.memory(), codec]],
    compressed: [extras.compressed, [index.memory(), {}]],
    encrypted: [extras.encrypted, [index.memory(), { keys: { fake } }]],
    fallback: [extras.fallback, [[index.memory], {}]],
    count: [extras.count, [index.memory(), {}]],
    getOrSet: [extras.getOrSet, [index.memory(), "key", () => value, {}]],
    open: [index.open, [{ backend: "memory" }]],
    valid: [index.valid, [{ backend: "memory" }]],
    createRegistry: [index.createRegistry, [{}]],
    register: [registry.register, ["name", index.memoryFactory]],
    getFactory: [index.getFactory, ["memory"]],
    methods: [index.methods, []],
    isStoreError: [index.isStoreError, [5, "closed"]],
    storageUsage: [index.storageUsage, []],
    "memoryFactory.valid": [index.memoryFactory.valid, [{}]],
    "indexeddbFactory.valid": [index.indexeddbFactory.valid, [{}]],
    "localstorageFactory.valid": [index.localstorageFactory.valid, [{}]],
    "sessionstorageFactory.valid": [index.sessionstorageFactory.valid, [{}]],
    "remoteFactory.valid": [index.remoteFactory.valid, [{}]],
    handler: [handler.handler, [index.memory(), {}]],
    "what a handler returns": [handler.handler(index.memory()), [new Request("http://store.test/entries")]],
    localforage: [localforage.localforage, [instance, {}]],
    localforageDriver: [localforage.localforageDriver, [() => index.memory(), {}]],
  };
}

/** Calls a function with one wrong argument at a time, and returns the raw errors that this leads to. */
async function rawErrors(
  { isStoreError }: Pick<Doors["index"], "isStoreError">,
  name: string,
  [call, right]: Callable,
  kinds: readonly unknown[],
  mayThrow = false,
): Promise<string[]> {
  const raw: string[] = [];
  for (let at = 0; at < right.length; at++) {
    for (const kind of kinds) {
      const given = right.map((each, index) => (index === at ? kind : each));
      const note = (how: string, error: unknown): void => {
        if (!isStoreError(error)) raw.push(`${name}, argument ${at} as ${show(kind)} ${how} ${String(error)}`);
      };
      try {
        const result = call(...given);
        await settle(result).catch((error: unknown) => note("rejects", error));
      } catch (error) {
        note(mayThrow ? "throws" : "throws, and does not reject,", error);
        if (!mayThrow && isStoreError(error)) raw.push(`${name} throws ${String(error)}`);
      }
    }
  }
  return raw;
}

/** Waits for what a call returned: a promise, or the first step of what can be read. */
async function settle(result: unknown): Promise<void> {
  if (Object(result) !== result || !(Symbol.asyncIterator in (result as object))) return void (await result);
  const iterator = (result as AsyncIterable<unknown>)[Symbol.asyncIterator]();
  const step = iterator.next();
  step.catch(() => {});
  await Promise.race([step, new Promise((resolve) => setTimeout(resolve, 0))]);
  await iterator.return?.();
}

function show(value: unknown): string {
  const kind = Object.prototype.toString.call(value);
  try {
    return `${kind} ${JSON.stringify(value)?.slice(0, 64) ?? ""}`;
  } catch {
    return kind;
  }
}
