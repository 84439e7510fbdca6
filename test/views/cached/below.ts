import assert from "node:assert/strict";
import type { TestContext } from "vitest";
import { cached, memory, type Backend, type Change, type Store } from "../../../src/index.ts";
import { text, utf8 } from "../../support/bytes.ts";

/** The bound of a view that holds all that these tests put into it: bytes. */
export const maxBytes = 1000;

/** A store below a view: what reaches it is counted, and what it answers can be kept back. */
export interface Below {
  readonly store: Store;
  /** The keys whose entries were asked for. */
  readonly asked: string[];
  /** Keeps back the answers of entries from now on, and returns how to let them go. */
  keepBack(): () => void;
}

/** Returns a store below a view. */
export function below(inner: Store = memory()): Below {
  const asked: string[] = [];
  let gate: Promise<void> | undefined;
  const store: Store = {
    ...inner,
    async entry(key, options) {
      asked.push(key);
      const found = await inner.entry(key, options);
      await gate;
      return found;
    },
  };
  return {
    store,
    asked,
    keepBack() {
      let open = (): void => {};
      gate = new Promise<void>((resolve) => (open = resolve));
      return () => {
        gate = undefined;
        open();
      };
    },
  };
}

/** Lets what is under way in this process come to its end. */
export const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** A view with one key in memory, so that its watch has begun. */
export async function warm(context: TestContext, inner?: Store): Promise<Below & { view: Store }> {
  const under = below(inner);
  const view = cached(under.store, { maxBytes });
  context.onTestFinished(() => view.close());
  await view.set("key", utf8("old"));
  await view.find("key");
  await settled();
  assert.equal(text(await view.find("key")), "old");
  assert.equal(text(await view.find("key")), "old");
  under.asked.length = 0;
  return { ...under, view };
}

/** A backend that does the least, and no watch. */
export function least(more: Partial<Backend> = {}): Backend {
  const entries = new Map();
  return {
    get: (key) => entries.get(key),
    set: (key, entry) => void entries.set(key, entry),
    delete: (key) => entries.delete(key),
    isPersistent: () => false,
    ...more,
  };
}

/** A store whose watch is there and reports nothing, so that only the view's own care is seen. */
export function silent(inner: Store): Store {
  const never: AsyncIterableIterator<Change> = {
    [Symbol.asyncIterator]: () => never,
    next: () => new Promise(() => {}),
  };
  return { ...inner, watch: () => never };
}
