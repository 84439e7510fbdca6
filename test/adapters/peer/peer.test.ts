// Keys that other libraries allow and a store does not, seen through the adapter of strings.
import { expect, test } from "vitest";
import { strings } from "../../../src/adapters/strings.ts";
import { memory } from "../../../src/backends/memory.ts";
import { decodeText, encodeText } from "../../../src/core/utf8.ts";
import { prefix } from "../../../src/views/prefix.ts";

const mark = "~sha256-";
// Two that differ in a lone surrogate alone, of which UTF-8 makes the same; and one that looks like where another lies.
const odd = [
  "",
  "\ud800",
  "\ud801",
  "l".repeat(257),
  "l".repeat(1025),
  "é".repeat(5000),
  mark,
  `${mark}${"0".repeat(64)}`,
];
const plain = ["a", "a/b", "..", "\0", "😀", '"', "\n", "k".repeat(256), "é".repeat(256), "~sha256", "__proto__"];

test.each([
  ["a store", ""],
  ["a view of 500 bytes", "v".repeat(500)],
])("any string is a key of its own, and is listed, on %s", async (_, start) => {
  const medium = memory();
  const items = strings(prefix(medium, start));
  const keys = [...odd, ...plain];
  for (const key of keys) await items.setItem(key, `value of ${key.length}\n`.repeat(2));
  for (const key of keys) expect(await items.getItem(key)).toBe(`value of ${key.length}\n`.repeat(2));
  expect((await items.getAllKeys()).sort()).toEqual([...keys].sort());
  expect(Object.fromEntries(await items.entries())).toEqual(
    Object.fromEntries(keys.map((key) => [key, `value of ${key.length}\n`.repeat(2)])),
  );
  const names = [];
  for await (const key of medium.keys()) names.push(key.slice(start.length));
  expect(names.filter((name) => !name.startsWith(mark)).sort()).toEqual([...plain].sort());
  for (const key of odd) await items.removeItem(key);
  expect((await items.getAllKeys()).sort()).toEqual([...plain].sort());
});

test("what an adapter's own name for a long key holds is not taken for that key's value", async () => {
  const store = memory();
  const items = strings(store);
  await items.setItem("l".repeat(2000), "long");
  const [name] = (await store.list()).entries.map(({ key }) => key);
  expect(name).toMatch(/^~sha256-[\w+/]{43}=$/);
  await items.setItem(name!, "another");
  expect(await items.getItem("l".repeat(2000))).toBe("long");
  expect(await items.getItem(name!)).toBe("another");
  expect(decodeText(await store.get(name!))).toBe(`"${"l".repeat(2000)}"\nlong`);
});

test("what lies there and no adapter wrote cannot be decoded", async () => {
  const store = memory();
  const items = strings(store);
  await store.set(`${mark}0`, encodeText("text"));
  await expect(items.getAllKeys()).rejects.toMatchObject({ code: "cant-decode", key: `${mark}0` });
  await store.set("a", Uint8Array.of(255));
  await expect(items.getItem("a")).rejects.toMatchObject({ code: "cant-decode", key: "a" });
});

test("calls for one long key keep their order", async () => {
  const items = strings(memory());
  const key = "l".repeat(5000);
  const calls = Array.from({ length: 50 }, (_, index) => items.setItem(key, `${index}`));
  const read = items.getItem(key);
  await Promise.all(calls);
  expect([await read, await items.getItem(key)]).toEqual(["49", "49"]);
});

test("a long key without crypto.subtle, and what is no string, are refused", async () => {
  const items = strings(memory());
  await expect(items.getItem(5 as never)).rejects.toThrow("Invalid key: expected a string, got 5");
  const { crypto } = globalThis;
  Object.defineProperty(globalThis, "crypto", { value: undefined, configurable: true });
  try {
    await items.setItem("k", "v");
    await expect(items.setItem("", "v")).rejects.toMatchObject({ code: "invalid-argument" });
  } finally {
    Object.defineProperty(globalThis, "crypto", { value: crypto, configurable: true });
  }
});
