import { vi, type TestContext } from "vitest";
import { localstorage, type Store } from "../../src/index.ts";
import { utf8 } from "./bytes.ts";
import { TextStorage } from "./textStorage.ts";

/** What the keys are given. */
export const value = utf8("value");
/** Keys of a number. */
export const keysOf = (count: number): string[] => Array.from({ length: count }, (_, index) => `key ${index}`);

/** Of all tests, since the locks are: a context that gets one waits for what those before it reported. */
export const shared = new TextStorage();

/** By then a lock that nobody needs is given back. */
export const nextTask = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

/** What was asked for, by the names of the methods. */
export type Counts = Record<"getItem" | "setItem" | "lock" | "mark" | "query" | "post", number>;

/** Makes a Storage the localStorage of a test whose clock goes on by so much with each look at it, and counts what is asked for. */
function counting(t: TestContext, { tick = 0 } = {}): Counts {
  const counts: Counts = { getItem: 0, setItem: 0, lock: 0, mark: 0, query: 0, post: 0 };
  const before = Object.getOwnPropertyDescriptor(globalThis, "localStorage");
  Object.defineProperty(globalThis, "localStorage", { configurable: true, get: () => shared });
  t.onTestFinished(() => {
    vi.restoreAllMocks();
    if (before) Object.defineProperty(globalThis, "localStorage", before);
    else Reflect.deleteProperty(globalThis, "localStorage");
  });
  let now = 0;
  vi.spyOn(performance, "now").mockImplementation(() => (now += tick));
  const spy = <T extends object>(target: T, name: keyof T & string, count: (args: unknown[]) => keyof Counts): void => {
    const original = target[name] as (...args: unknown[]) => unknown;
    vi.spyOn(target as Record<string, () => unknown>, name).mockImplementation(function (
      this: unknown,
      ...args: unknown[]
    ) {
      counts[count(args)]++;
      return original.apply(this, args);
    });
  };
  spy(shared, "getItem", () => "getItem");
  spy(shared, "setItem", () => "setItem");
  spy(navigator.locks, "request", ([name]) => (String(name).endsWith("localstorage") ? "lock" : "mark"));
  spy(navigator.locks, "query", () => "query");
  spy(BroadcastChannel.prototype, "postMessage", () => "post");
  return counts;
}

/** Does work with a store in that localStorage, which has room for the number. */
export async function withStore(
  t: TestContext,
  options: { tick?: number },
  work: (store: Store, counts: Counts) => Promise<void>,
): Promise<void> {
  const counts = counting(t, options);
  const store = localstorage({ sweepInterval: Infinity });
  try {
    // The first call takes room for the number.
    await store.set("first", value);
    await nextTask();
    for (const name of Object.keys(counts) as (keyof Counts)[]) counts[name] = 0;
    await work(store, counts);
  } finally {
    await store.close();
  }
}
