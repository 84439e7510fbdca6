import assert from "node:assert/strict";
import { test } from "vitest";
import { memory, type Store } from "../../../src/index.ts";
import { text, utf8 } from "../../support/bytes.ts";
import { settled, silent, warm } from "./below.ts";

const writes: Record<string, (store: Store) => Promise<unknown>> = {
  set: (store) => store.set("key", utf8("new")),
  setMany: (store) => store.setMany([["other", utf8("x")], ["key", utf8("new")]]), // prettier-ignore
  "setMany of a generator": (store) =>
    store.setMany(
      (function* () {
        yield ["key", utf8("new")] as const;
      })(),
    ),
  delete: (store) => store.delete("key"),
  deleteMany: (store) => store.deleteMany(new Set(["none", "key"])),
  clear: (store) => store.clear(),
  "clear of a prefix": (store) => store.clear({ prefix: "ke" }),
  compareAndSet: (store) => store.compareAndSet("key", utf8("old"), utf8("new")),
  "setIfAbsent after a delete": async (store) => {
    await store.delete("key");
    await store.setIfAbsent("key", utf8("new"));
  },
  take: (store) => store.take("key"),
  update: (store) => store.update("key", () => utf8("new")),
  "increment after a delete": async (store) => {
    await store.delete("key");
    await store.increment("key");
  },
  touch: (store) => store.touch("key", { ttl: 1000 }),
};

for (const [name, write] of Object.entries(writes)) {
  test(`after its own ${name} a view reads what the store has, without an event`, async (context) => {
    const inner = silent(memory());
    const { view } = await warm(context, inner);
    await write(view);
    assert.deepEqual(await view.entry("key"), await inner.entry("key"));
    assert.notDeepEqual(await inner.entry("key"), { value: utf8("old"), expiresAt: Infinity });
  });

  test(`a read that is under way while its own ${name} passes is not held`, async (context) => {
    const inner = silent(memory());
    const { view, keepBack } = await warm(context, inner);
    await view.set("key", utf8("old"));
    const release = keepBack();
    const late = view.find("key");
    await settled();
    await write(view);
    release();
    assert.equal(text(await late), "old");
    assert.deepEqual(await view.entry("key"), await inner.entry("key"));
  });

  test(`a read that is begun during its own ${name}, and answered before, is not held`, async (context) => {
    const inner = silent(memory());
    const slow: Store = { ...inner };
    let finish = (): void => {};
    const gate = new Promise<void>((resolve) => (finish = resolve));
    for (const [method, call] of Object.entries(inner)) {
      if (/^(get|find|has|entry|findMany|watch|isPersistent|close)$/.test(method)) continue;
      Object.assign(slow, {
        async [method](...args: unknown[]) {
          if (isSlow) await gate;
          return (call as (...args: unknown[]) => unknown)(...args);
        },
      });
    }
    let isSlow = false;
    const { view } = await warm(context, slow);
    isSlow = true;
    const writing = write(view);
    assert.equal(text(await view.find("key")), "old");
    finish();
    await writing;
    assert.deepEqual(await view.entry("key"), await inner.entry("key"));
  });

  test(`after somebody else's ${name} a view reads it, once the change is reported`, async (context) => {
    const { view, store } = await warm(context);
    await write(store);
    await settled();
    assert.deepEqual(await view.entry("key"), await store.entry("key"));
  });

  test(`a read that is under way while somebody else's ${name} is reported is not held`, async (context) => {
    const { view, store, keepBack } = await warm(context);
    await view.set("key", utf8("old"));
    await settled();
    const release = keepBack();
    const late = view.find("key");
    await settled();
    await write(store);
    await settled();
    // Whoever asks from now on does not share the old read.
    const fresh = view.find("key");
    release();
    assert.equal(text(await late), "old");
    assert.deepEqual(await fresh, await store.find("key"));
    assert.deepEqual(await view.entry("key"), await store.entry("key"));
  });
}

test("a set that is not awaited is seen by the reads after it", async (context) => {
  const { view } = await warm(context);
  for (let round = 0; round < 100; round++) {
    const writing = view.set("key", utf8(`${round}`));
    assert.equal(text(await view.find("key")), `${round}`);
    await writing;
    assert.equal(text(await view.find("key")), `${round}`);
  }
});

test("a read made upon a change gets what changed", async (context) => {
  const { view, store } = await warm(context);
  const watch = view.watch();
  await view.find("key");
  for (let round = 0; round < 200; round++) {
    await view.find("key");
    const reported = watch.next();
    void store.set("key", utf8(`${round}`));
    assert.equal((await reported).value.key, "key");
    assert.equal(text(await view.find("key")), `${round}`);
  }
  await watch.return!();
});

test("a read made upon a change that arrives before the view's own watch has it gets what changed all the same", async (context) => {
  const inner = memory();
  let isFirst = true;
  const store: Store = {
    ...inner,
    watch(options) {
      // The view's own.
      if (!isFirst) return inner.watch(options);
      isFirst = false;
      return silent(inner).watch(options);
    },
  };
  const { view } = await warm(context, store);
  const watch = view.watch();
  await store.set("key", utf8("new"));
  assert.equal((await watch.next()).value.key, "key");
  assert.equal(text(await view.find("key")), "new");
  await watch.return!();
});
