import assert from "node:assert/strict";
import { describe, test } from "vitest";
import { UNCHANGED, type Backend, type Entry } from "../../src/core/contract.ts";
import { createStore } from "../../src/core/createStore.ts";
import { isStoreError } from "../../src/core/error.ts";
import { cases, casesFor, prove, type Subject } from "../../src/testing.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The four methods that a backend must have. */
function least(entries = new Map<string, Entry>()): Backend {
  return {
    get: (key) => entries.get(key),
    set: (key, entry) => void entries.set(key, entry),
    delete: (key) => entries.delete(key),
    isPersistent: () => false,
  };
}

/** Those, and the one that atomic calls stand on. */
function atomic(): Backend {
  const entries = new Map<string, Entry>();
  return {
    ...least(entries),
    mutate(key, change) {
      const next = change(entries.get(key));
      if (next === UNCHANGED) return;
      if (next) entries.set(key, next);
      else entries.delete(key);
    },
  };
}

const subjects: Subject[] = [
  { name: "a backend of four methods", can: ["bytes"], open: (_, options) => createStore(least(), options) },
  { name: "a backend of five methods", can: ["bytes", "atomic"], open: (_, options) => createStore(atomic(), options) },
];
for (const subject of subjects) {
  describe(subject.name, () => {
    for (const each of casesFor(cases, subject)) test(each.name, () => prove(each, subject));
  });
}

test("what has no fallback rejects unsupported, and says which method is expected", async () => {
  const store = createStore(least());
  const calls: Record<string, () => Promise<unknown>> = {
    mutate: () => store.increment("a"),
    list: () => store.list(),
    clear: () => store.clear(),
    sweep: () => store.sweep(),
    watch: () => store.watch()[Symbol.asyncIterator]().next(),
  };
  for (const [name, call] of Object.entries(calls)) {
    const isIt = (error: Error): boolean => isStoreError(error, "unsupported") && error.message.includes(`"${name}"`);
    await assert.rejects(call(), isIt, name);
  }
});

test("a delete is of a live value: it is read first, or removed by the backend's own many or mutate", async () => {
  let now = 0;
  const removed: string[] = [];
  const many: Backend = { ...least(), deleteMany: (keys) => removed.push(...keys) };
  for (const backend of [least(), atomic()]) {
    const store = createStore(backend, { now: () => now });
    await store.set("a", bytes("x"), { ttl: 10 });
    await store.set("b", bytes("x"));
    now += 10;
    await assert.rejects(store.delete("a"), (error) => isStoreError(error, "not-found"));
    assert.equal(await store.deleteMany(["a", "b", "c"]), 1);
  }
  await createStore(many).delete("a");
  assert.deepEqual(removed, ["a"]);
});

test("whatever a backend shows by a strange cursor, a page holds no key beyond the prefix", async () => {
  const keys = ["a/1", "a/2", "b/1", "b/2", "c/1"];
  // Heeds the prefix on the first page only.
  const store = createStore({
    ...least(),
    list({ prefix, limit, cursor }) {
      const found =
        cursor === undefined ? keys.filter((key) => key.startsWith(prefix)) : keys.filter((key) => key > cursor);
      const entries = found.slice(0, limit).map((key) => ({ key, expiresAt: Infinity }));
      return found.length > limit ? { entries, cursor: entries.at(-1)!.key } : { entries };
    },
  });
  const { entries } = await store.list({ prefix: "b/", limit: 1, cursor: "a/1" });
  assert.deepEqual(
    entries.map(({ key }) => key),
    ["b/1"],
  );
  assert.deepEqual(await store.list({ prefix: "a/", cursor: "b/1" }), { entries: [] });
  await assert.rejects(store.list({ cursor: "\ud800" }), (error) => isStoreError(error, "invalid-argument"));
});

test("a page may hold more entries than a call has arguments", async () => {
  const entries = Array.from({ length: 150_000 }, (_, index) => ({ key: `${index}`, expiresAt: Infinity }));
  const store = createStore({ ...least(), list: () => ({ entries }) });
  assert.equal((await store.list({ limit: 150_000 })).entries.length, 150_000);
});
