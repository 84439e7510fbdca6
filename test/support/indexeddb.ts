import { onTestFinished } from "vitest";
import { indexeddb } from "../../src/index.ts";
import type { Store } from "../../src/index.ts";

let databases = 0;

/** Opens a store on a database of its own, until the test ends. */
export function openIndexedDB(options: Parameters<typeof indexeddb>[0] = {}): { store: Store; database: string } {
  const database = `test${++databases}`;
  const store = indexeddb({ database, ...options });
  onTestFinished(() => store.close());
  return { store, database };
}

/** Puts a method in the place of another as long as some work runs. */
export async function replacing<T extends object, Name extends keyof T>(
  target: T,
  name: Name,
  make: (original: T[Name]) => T[Name],
  work: () => Promise<void>,
): Promise<void> {
  const original = target[name];
  target[name] = make(original);
  try {
    await work();
  } finally {
    target[name] = original;
  }
}

/** How each call ended: "done", or its code and key. */
export const codes = async (calls: Promise<unknown>[]): Promise<unknown[]> =>
  (await Promise.allSettled(calls)).map((result) =>
    result.status === "rejected" ? `${result.reason.code} ${result.reason.key ?? ""}`.trim() : "done",
  );
