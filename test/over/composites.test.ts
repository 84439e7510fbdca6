import assert from "node:assert/strict";
import { test, vi } from "vitest";
import { createRegistry, json, memory, memoryFactory, remoteFactory, type Factory } from "../../src/index.ts";
import { withComposites } from "../../src/over/composites.ts";
import type { FallbackStore } from "../../src/over/fallback.ts";
import { getFactory, methods } from "../../src/server.ts";
import { text, utf8 } from "../support/bytes.ts";
import { refused } from "../support/refused.ts";
import { stuck } from "../support/uselessStores.ts";

const file: Factory<{ path: string }> = {
  valid: (parameters) => parameters as { path: string },
  locate: (options, resolve) => ({ ...options, path: resolve(options.path) }),
  build: () => memory(),
};
const env = {
  KEY: btoa("0123456789abcdef"),
  LONG: btoa("x".repeat(32)),
  SHORT: btoa("x"),
  ODD: "?",
  SECRET: btoa("x".repeat(17)),
};
const registry = withComposites(createRegistry({ memory: memoryFactory, http: remoteFactory, file }), env);
const inner = { backend: "memory" };
const open = (backend: string, parameters: object): ReturnType<typeof registry.open> =>
  registry.open({ backend, parameters });

test("views of a configured store, one in another", async () => {
  const below = memory();
  const keys = { old: { env: "LONG" }, new: { env: "KEY" } };
  const of = {
    backend: "compressed",
    parameters: { over: 10, of: { backend: "encrypted", parameters: { keys, of: below } } },
  };
  const store = await open("prefix", { prefix: "app/", of });
  await store.set("a", utf8("tea ".repeat(100)));
  assert.equal(text(await store.get("a")), "tea ".repeat(100));
  const stored = await below.get("app/a");
  assert.ok(stored.length < 100);
  assert.deepEqual(stored.slice(0, 5), Uint8Array.of(1, 3, ...utf8("new")));
  const old = await open("encrypted", { keys, use: "old", of: below });
  await old.set("app/b", Uint8Array.of(0, 1));
  assert.deepEqual((await below.get("app/b")).slice(0, 5), Uint8Array.of(1, 3, ...utf8("old")));
  assert.deepEqual(await store.get("b"), Uint8Array.of(1));
  await store.close();
});

test("the first of several that works", async () => {
  const away = {
    backend: "http",
    parameters: { url: "http://store.test", fetch: async () => Promise.reject(new Error("away")), timeout: 50 },
  };
  const store = (await open("fallback", { patience: 100, of: [away, inner] })) as FallbackStore;
  assert.equal(await store.using(), 1);
  await json(store).set("a", 1);
  assert.equal(await json(store).get("a"), 1);
  await store.close();
});

test("a key may be one of Web Crypto, and patience is what the option says", async () => {
  const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  const secret = await open("encrypted", { keys: { a: key }, of: inner });
  await secret.set("a", utf8("tea"));
  assert.equal(text(await secret.get("a")), "tea");
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const store = (await open("fallback", { patience: 100, of: [stuck, memory()] })) as FallbackStore;
  const using = store.using();
  await vi.advanceTimersByTimeAsync(100);
  assert.equal(await using, 1);
  vi.useRealTimers();
});

test("names of files in what a store stands on are resolved", () => {
  const resolve = (path: string): string => `/folder/${path}`;
  const of = { backend: "file", parameters: { path: "a" } };
  const locate = (backend: string, parameters: object): unknown =>
    registry.getFactory(backend).locate!(parameters, resolve);
  const located = { backend: "file", parameters: { path: "/folder/a" } };
  assert.deepEqual(locate("prefix", { prefix: "b", of }), { prefix: "b", of: located });
  assert.deepEqual(locate("fallback", { of: [of, inner] }), { of: [located, inner] });
  const nested = { backend: "prefix", parameters: { prefix: "b", of } };
  assert.deepEqual(locate("compressed", { of: nested }), {
    of: { ...nested, parameters: { prefix: "b", of: located } },
  });
});

const cases: readonly (readonly [backend: string, parameters: unknown, ...problems: RegExp[]])[] = [
  ["prefix", undefined, /option "of" must be a store or the configuration of one, got undefined/, /option "prefix" must be a well-formed string, got undefined/],
  ["prefix", 5, /parameters must be an object, got 5/],
  ["prefix", { prefx: "a", of: inner }, /option "prefx" must be left out, got "a" \(did you mean "prefix"\?\)/, /option "prefix" must be a well/],
  ["prefix", { prefix: "\ud800", of: inner }, /option "prefix" must be a well-formed string/],
  ["prefix", { prefix: "a", of: { backend: "memry" } }, /option "of" must be .*, got backend "memry": expected one of .*"memory".* \(did you mean "memory"\?\)/],
  ["prefix", { prefix: "a", of: { backend: "memory", parameters: { maxEntrys: 5 } } }, /option "of" must be .*: option "maxEntrys" must be left out, got 5 \(did you mean "maxEntries"\?\)/],
  ["prefix", { prefix: "a", of: { backend: "prefix", parameters: { of: { backend: "memory", parameters: { maxBytes: 0, maxEntries: 0 } } } } }, /"maxBytes" must be a positive integer, got 0/, /"maxEntries" must be a positive integer, got 0/, /option "prefix" must be/],
  ["prefix", { prefix: "a", of: { ...inner, parmeters: {} } }, /"parmeters" must be named "parameters"/],
  ["compressed", { of: inner, over: -1, maxBytes: 0 }, /"over" must be a number of bytes, got -1/, /"maxBytes" must be a positive integer, got 0/],
  ["fallback", { of: [] }, /option "of" must be a list of stores or configurations of them/],
  ["fallback", { of: inner }, /option "of" must be a list/],
  ["fallback", { of: [inner, { backend: "htp" }, 5], patience: 0 }, /option "of\[1\]" must be .*did you mean "http"/, /option "of\[2\]" must be .*got 5/, /"patience"/],
  ["encrypted", { of: inner }, /option "keys" must be an object of keys by their ids/],
  ["encrypted", { of: inner, keys: {} }, /option "keys" must be an object/],
  ["encrypted", { of: inner, keys: { "": { env: "KEY" }, ["é".repeat(128)]: { env: "KEY" } } }, /for "": expected 1 to 255 UTF-8 bytes as its id/, /for "é+…": expected 1 to 255/],
  ["encrypted", { of: inner, keys: { a: { env: "NONE" } } }, /option "keys" must be right for "a": expected its environment variable NONE to be set/],
  ["encrypted", { of: inner, keys: { a: { env: "SHORT" }, b: { env: "ODD" }, c: { env: "SECRET" } } }, /"a": expected the base64 of 16 or 32 bytes in .*SHORT/, /ODD/, /SECRET/],
  ["encrypted", { of: inner, keys: { a: { evn: "KEY" } } }, /got "evn" \(did you mean "env"\?\)/],
  ["encrypted", { of: inner, keys: { a: { env: "KEY" } }, use: "b" }, /option "use" must be one of "a", got "b"/],
  ["encrypted", { of: inner, keys: { a: env.KEY } }, /the form \{ "env": "NAME" \}/],
  ["encrypted", { of: inner, keys: { a: { env: `${env.KEY}==` } } }, /the name of a variable/],
]; // prettier-ignore

for (const [backend, parameters, ...problems] of cases) {
  test(`all problems are reported at once, with the name that may have been meant: ${backend} ${JSON.stringify(parameters)}`, async () => {
    for (const call of [() => registry.valid({ backend, parameters }), () => registry.open({ backend, parameters })]) {
      const { message } = await refused(call, "bad-config");
      assert.match(message, new RegExp(`^Cannot open store "${backend}": `));
      for (const problem of problems) assert.match(message, problem);
      for (const secret of Object.values(env)) if (secret.length > 4) assert.ok(!message.includes(secret), message);
    }
  });
}

test("the door of servers knows them", () => {
  for (const name of ["compressed", "encrypted", "fallback", "prefix"]) {
    assert.equal(typeof getFactory(name).build, "function");
    assert.ok(methods().includes(name));
  }
});
