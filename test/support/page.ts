import assert from "node:assert/strict";
import type { TestContext } from "vitest";

/** Makes a global of a page, until the test ends. */
export function definePageGlobal(context: TestContext, name: string, value: unknown): void {
  Object.defineProperty(globalThis, name, { configurable: true, writable: true, value });
  context.onTestFinished(() => void Reflect.deleteProperty(globalThis, name));
}

type Listener = (event: { type: string }) => void;

/** Makes this process a page, until the test ends, to which events happen. */
export function visitPage(context: TestContext): {
  listeners: Set<string>;
  document: { hidden: boolean };
  happen(type: string): void;
} {
  const listening = new Map<string, Set<Listener>>();
  const document = { hidden: false };
  const of = (type: string): Set<Listener> => listening.get(type) ?? listening.set(type, new Set()).get(type)!;
  definePageGlobal(context, "addEventListener", (type: string, listener: Listener) => void of(type).add(listener));
  definePageGlobal(
    context,
    "removeEventListener",
    (type: string, listener: Listener) => void of(type).delete(listener),
  );
  definePageGlobal(context, "document", document);
  return {
    /** The types to which anyone listens. */
    get listeners() {
      return new Set([...listening.keys()].filter((type) => of(type).size));
    },
    document,
    happen(type) {
      assert.ok(of(type).size);
      for (const listener of of(type)) listener({ type });
    },
  };
}
