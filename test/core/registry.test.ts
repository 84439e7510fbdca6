import assert from "node:assert/strict";
import { test, vi } from "vitest";
import {
  createRegistry,
  getFactory,
  isStoreError,
  memory,
  memoryFactory,
  methods,
  open,
  register,
  valid,
  type Factory,
} from "../../src/index.ts";
import { methods as onServers } from "../../src/server.ts";

declare module "../../src/core/registry.ts" {
  interface Backends {
    tested: { size: number };
  }
}

const problem =
  (...parts: string[]) =>
  (error: unknown) => {
    assert.ok(isStoreError(error, "bad-config"), String(error));
    for (const part of parts) assert.ok(error.message.includes(part), `${error.message} lacks ${part}`);
    return true;
  };

test("a configuration opens a store", async () => {
  const store = await open({ backend: "memory", parameters: { maxEntries: 2 } });
  await store.set("a", new Uint8Array(1));
  assert.equal(await store.has("a"), true);
  await (await open({ backend: "memory" })).close();
});

test("all problems of a configuration are reported at once", async () => {
  const parameters = { maxEntries: 0, maxBytes: "many", sweepInterval: -1, now: 5, other: true } as never;
  const parts = ['"memory"', '"maxEntries" must be a positive integer, got 0', '"maxBytes"', 'got "many"', '"sweepInterval"', '"now"', '"other"']; // prettier-ignore
  await assert.rejects(open({ backend: "memory", parameters }), problem(...parts));
  assert.throws(() => valid({ backend: "memory", parameters }), problem(...parts));
  assert.throws(() => memory(parameters), problem(...parts));
  for (const bad of [5, "text", [1], true]) {
    assert.throws(() => valid({ backend: "memory", parameters: bad as never }), problem("must be an object"));
  }
});

test("what stands beside backend and parameters is a problem, with the name that was meant", async () => {
  for (const [name, meant] of [
    ["paramters", 'must be named "parameters"'],
    ["params", 'must be named "parameters"'],
    ["Parameters", 'must be named "parameters"'],
    ["bakend", 'must be named "backend"'],
    ["maxEntries", 'must be within "parameters"'],
    ["database", 'must be within "parameters"'],
  ] as const) {
    const config = { backend: "memory", [name]: {}, ...(name === "database" && { parameters: { maxBytes: 0 } }) };
    const parts = [`"${name}" ${meant}`, ...(config.parameters ? ['"maxBytes" must be a positive integer'] : [])];
    await assert.rejects(open(config as never), problem('Cannot open store "memory"', ...parts), name);
    assert.throws(() => valid(config as never), problem(...parts), name);
  }
});

test("a backend whose name stands under another name is reported with both", () => {
  assert.throws(() => valid({ bakend: "memory" } as never), problem('"bakend" must be named "backend"', "memory"));
});

test("an unknown backend is reported with the known ones", async () => {
  for (const backend of ["redis", "", "__proto__", "toString", undefined, null, 5]) {
    await assert.rejects(open({ backend: backend as string }), problem("memory", "indexeddb"));
  }
  await assert.rejects(open(undefined as never), problem("memory"));
  assert.throws(() => getFactory("redis"), problem('"redis"', "memory"));
});

test("only what this runtime can open is listed, and the rest can still be asked for", async () => {
  for (const name of ["indexedDB", "localStorage", "sessionStorage"]) vi.stubGlobal(name, undefined);
  assert.deepEqual(methods(), ["http", "memory"]);
  vi.stubGlobal("indexedDB", {});
  vi.stubGlobal("sessionStorage", {});
  assert.deepEqual(methods(), ["http", "indexeddb", "memory", "sessionstorage"]);
  const blocked = (): never => {
    throw new DOMException("Blocked by the settings", "SecurityError");
  };
  Object.defineProperty(globalThis, "localStorage", { configurable: true, get: blocked });
  assert.deepEqual(methods(), ["http", "indexeddb", "memory", "sessionstorage"]);
  vi.unstubAllGlobals();
  assert.equal(typeof getFactory("localstorage").build, "function");
  const absent: Factory = { ...memoryFactory, isAvailable: () => false };
  assert.deepEqual(createRegistry({ absent, memory: memoryFactory }).methods(), ["memory"]);
  assert.deepEqual(onServers(), [
    "compressed",
    "encrypted",
    "fallback",
    "http",
    "memory",
    "prefix",
    "s3",
    "sqlite",
    "valkey",
  ]);
});

test("names are sorted, and a factory can be added and replaced", async () => {
  const registry = createRegistry({ b: memoryFactory, a: memoryFactory });
  assert.deepEqual(registry.methods(), ["a", "b"]);
  let built = 0;
  const factory: Factory<{ size: number }> = {
    valid: (parameters) => parameters as { size: number },
    build: ({ size }) => {
      built += size;
      return memory();
    },
  };
  registry.register("tested", factory);
  assert.equal(registry.getFactory("tested"), factory);
  await registry.open({ backend: "tested", parameters: { size: 3 } });
  assert.equal(built, 3);
  assert.deepEqual(methods().includes("tested"), false);
  for (const bad of [undefined, {}, { build: () => memory() }] as never[]) {
    assert.throws(() => registry.register("bad", bad), problem('"bad"'));
  }
  assert.throws(() => register("", factory), problem('""'));
});

test("a configuration is checked by the compiler, too", () => {
  // What is wrong here is wrong for the compiler: these lines are checked with the rest, and not run.
  const never = (): unknown[] => [
    // @ts-expect-error not a number
    open({ backend: "memory", parameters: { maxEntries: "x" } }),
    // @ts-expect-error no such parameter
    open({ backend: "memory", parameters: { maxEntry: 1 } }),
    // @ts-expect-error parameters missing
    open({ backend: "tested" }),
    // @ts-expect-error not a number
    open({ backend: "tested", parameters: { size: "x" } }),
    open({ backend: "tested", parameters: { size: 1 } }),
    open({ backend: "memory" }),
    open({ backend: "unheard-of", parameters: { anything: true } }),
    open(JSON.parse("{}") as { backend: string; parameters?: unknown }),
  ];
  assert.equal(typeof never, "function");
});
