import { onTestFinished } from "vitest";
import { localstorage, type LocalStorageOptions, type Store } from "../../src/index.ts";
import { createViews, type TextStorage, type Views } from "./textStorage.ts";

// What a real browser does is seen in e2e. Here localStorage is a getter of the tests' own, to have views that lag as
// another process's do, and contexts that refuse.

/** Makes a global of a test. */
export function define(name: string, get: () => unknown): void {
  const before = Object.getOwnPropertyDescriptor(globalThis, name);
  Object.defineProperty(globalThis, name, { configurable: true, get });
  onTestFinished(() => {
    if (before) Object.defineProperty(globalThis, name, before);
    else Reflect.deleteProperty(globalThis, name);
  });
}

/** Puts into a Storage the number that locks of the tests before still report, so that nobody waits for it here. */
export async function catchUp(storage: TextStorage): Promise<void> {
  const { held = [] } = await navigator.locks.query();
  const numbers = held.map(({ name = "" }) => Number(/^shelflife:localstorage#(\d+)$/.exec(name)?.[1] ?? 0));
  storage.items.set("~shelflife", String(Math.max(0, ...numbers)));
}

/** Returns views of a Storage in which nobody waits for what the tests before wrote. */
export async function createFreshViews(lag: () => number): Promise<Views> {
  const views = createViews(lag);
  await catchUp(views.arrived);
  return views;
}

/** Opens a store that sees localStorage by a view of its own, as the store of another process would. */
export function openBy(view: TextStorage, options: LocalStorageOptions = {}): Store {
  define("localStorage", () => view);
  const store = localstorage(options);
  // The Storage is looked up at the first use and kept.
  void store.find("any");
  return store;
}
