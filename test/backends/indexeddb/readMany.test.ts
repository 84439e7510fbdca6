import assert from "node:assert/strict";
import { test, vi } from "vitest";
import { readMany } from "../../../src/backends/indexeddb/readMany.ts";

/** A request that has its result a moment later. */
function request<T>(result: T): IDBRequest<T> {
  const made = { result, onsuccess: () => {} };
  queueMicrotask(() => made.onsuccess());
  return made as unknown as IDBRequest<T>;
}

test("more keys are read than an engine passes on as arguments", async () => {
  vi.stubGlobal("IDBKeyRange", { bound: () => undefined });
  const count = 150_000;
  const others = Array.from({ length: 2 * count }, (_, index) => `a ${index}`);
  const entries = {
    getAllKeys: () => request(others),
    get: (key: string) => request(key === "b 5" ? "found" : undefined),
  } as unknown as IDBObjectStore;
  const wanted = Array.from({ length: count }, (_, index) => `b ${index}`);
  assert.deepEqual(await readMany(entries, wanted), new Map([["b 5", "found"]]));
});
