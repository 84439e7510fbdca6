import assert from "node:assert/strict";
import { onTestFinished, test, vi } from "vitest";
import { isStoreError, memory, localstorage } from "../../src/index.ts";
import { TextStorage } from "../support/textStorage.ts";
import { until } from "../support/until.ts";
import { watched } from "../support/watched.ts";

test("a watch needs no streams of the runtime", async () => {
  vi.stubGlobal("ReadableStream", undefined);
  const store = memory();
  const watch = store.watch();
  await store.set("a", new Uint8Array());
  assert.deepEqual(await watch.next(), { done: false, value: { type: "set", key: "a" } });
  vi.unstubAllGlobals();
  await store.close();
  assert.deepEqual(await watch.next(), { done: true, value: undefined });
});

test("what nobody has read yet comes in its order, to several readers too, and is gone when the watch fails", async () => {
  const { store, observers } = watched();
  const watch = store.watch();
  await store.findMany([]);
  const [observer] = observers;
  const early = [watch.next(), watch.next()];
  for (const key of ["a", "b", "c", "d", "e"]) observer!.changed({ type: "set", key });
  const steps = await Promise.all([...early, watch.next(), watch.next()]);
  assert.deepEqual(steps.map(({ value }) => value.key), ["a", "b", "c", "d"]); // prettier-ignore
  const reason = new Error("broken");
  observer!.failed(reason);
  observer!.changed({ type: "set", key: "late" });
  await assert.rejects(watch.next(), (error) => error === reason);
  await assert.rejects(watch.next(), (error) => error === reason);
});

test("a watch that has ended when its store refuses it leaves no rejection that nobody handles", async () => {
  let refuse = (): void => {};
  const refusal = new Promise<void>((_, reject) => (refuse = () => reject(new Error("refused"))));
  const { store } = watched(() => refusal);
  const unhandled = vi.fn();
  process.on("unhandledRejection", unhandled);
  onTestFinished(() => void process.off("unhandledRejection", unhandled));
  const left = store.watch();
  assert.deepEqual(await left.return!(), { done: true, value: undefined });
  refuse();
  await store.findMany([]);
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.deepEqual(unhandled.mock.calls, []);
  assert.deepEqual(await left.next(), { done: true, value: undefined });
});

test("a watch begins at its call, also while an earlier one begins, and what is asked of the store comes after both", async () => {
  const begin: (() => void)[] = [];
  const { store, observers } = watched(() => new Promise((resolve) => begin.push(resolve)));
  const [one, two] = [store.watch(), store.watch()];
  assert.equal(begin.length, 2);
  let isAnswered = false;
  const asked = store.findMany([]).then(() => (isAnswered = true));
  begin[1]!();
  await until(() => observers.size === 1);
  for (const observer of observers) observer.changed({ type: "set", key: "a" });
  assert.deepEqual((await two.next()).value, { type: "set", key: "a" });
  assert.equal(isAnswered, false);
  begin[0]!();
  await asked;
  assert.equal(observers.size, 2);
  for (const watch of [one, two]) await watch.return!();
});

test("what another store of the medium writes right after a watch was called is reported, though an earlier one begins", async () => {
  const storage = new TextStorage();
  const [mine, other] = [localstorage({ storage }), localstorage({ storage })];
  const watches = [mine.watch(), mine.watch(), mine.watch()];
  await other.set("a", new Uint8Array());
  for (const watch of watches) assert.deepEqual((await watch.next()).value, { type: "set", key: "a" });
  for (const store of [mine, other]) await store.close();
});

test("a watch that is called inside update or transact reports what that writes", async () => {
  const store = memory();
  let watch = store.watch();
  await watch.return!();
  await store.update("a", () => {
    watch = store.watch();
    return new Uint8Array();
  });
  assert.deepEqual((await watch.next()).value, { type: "set", key: "a" });
  await watch.return!();
  await store.transact(["a", "b"], () => {
    watch = store.watch();
    return [undefined, { value: new Uint8Array() }];
  });
  const seen = [await watch.next(), await watch.next()].map(({ value }) => `${value.type} ${value.key}`);
  assert.deepEqual(seen, ["delete a", "set b"]);
  await store.close();
});

test("what is no watch's options rejects, and throws nothing", async () => {
  const store = memory();
  for (const signal of [null, 5, {}, { throwIfAborted() {} }, { addEventListener: 5 }, { throwIfAborted: 5 }]) {
    const options = { signal } as never;
    for (const call of [
      () => store.watch(options).next(),
      () => store.find("a", options),
      () => store.get("a", options),
      () => store.keys(options)[Symbol.asyncIterator]().next(),
    ]) {
      // prettier-ignore
      await assert.rejects(async () => call(), (error) => isStoreError(error, "invalid-argument"), JSON.stringify(signal)); // prettier-ignore
    }
  }
  await assert.rejects(store.watch(null as never).next(), (error) => isStoreError(error, "invalid-argument"));
});
