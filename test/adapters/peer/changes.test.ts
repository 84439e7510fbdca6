import { expect, test } from "vitest";
import { mark } from "../../../src/adapters/peer/peer.ts";
import { strings, type StringsEvent } from "../../../src/adapters/strings.ts";
import { memory } from "../../../src/backends/memory.ts";
import { utf8 } from "../../support/bytes.ts";
import { until } from "../../support/until.ts";

test("a change that cannot be read is one of a key that is not known; it ends neither the process nor the watch", async () => {
  const store = memory();
  const events: StringsEvent[] = [];
  let isListening = false;
  const stop = strings(store).addListener((event) => {
    if (event.key === "begin") isListening = true;
    else events.push(event);
  });
  await until(async () => {
    await store.set("begin", utf8("1"));
    return isListening;
  });
  // No text, and no key behind the hash: another adapter's, or nobody's.
  await store.set("bytes", Uint8Array.of(255));
  await store.set(`${mark}none`, Uint8Array.of(255));
  await store.set("text", utf8("2"));
  await until(() => events.length === 3);
  expect(events).toEqual([
    { key: null, oldValue: null, newValue: null },
    { key: null, oldValue: null, newValue: null },
    { key: "text", oldValue: null, newValue: "2" },
  ]);
  stop();
});

test("a watch that has stopped gets nothing that is still being read", async () => {
  const store = memory();
  const events: StringsEvent[] = [];
  let isRead = () => {};
  const slow = {
    ...store,
    async find(key: string) {
      await new Promise<void>((resolve) => (isRead = resolve));
      return store.find(key);
    },
  };
  const stop = strings(slow).addListener((event) => events.push(event));
  const idle = isRead;
  await until(async () => {
    await store.set("a", utf8("1"));
    return isRead !== idle;
  });
  stop();
  isRead();
  await new Promise((resolve) => setTimeout(resolve));
  expect(events).toEqual([]);
});
