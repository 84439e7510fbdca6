import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "vitest";
import * as fc from "fast-check";
import { toLine } from "../../../src/cli/entryLine.ts";
import { writeEnd, writeHeader, writeMark, type ExportItem } from "../../../src/cli/exportFile/format.ts";
import { readExport } from "../../../src/cli/exportFile/readExport.ts";
import type { Entry } from "../../../src/core/contract.ts";
import { isStoreError } from "../../../src/core/error.ts";
import { isKey } from "../../../src/core/key.ts";

type Pair = readonly [key: string, entry: Entry];

function write(pairs: readonly Pair[], marks = false): string {
  const hash = createHash("sha256");
  let text = writeHeader({ prefix: "" });
  for (const [key, entry] of pairs) text += `${JSON.stringify(toLine(key, entry))}\n${marks ? writeMark(key) : ""}`;
  hash.update(text);
  return text + writeEnd(pairs.length, hash);
}

async function* cut(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length]!;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

async function read(source: string | Uint8Array, sizes: readonly number[] = [65_536]): Promise<ExportItem[]> {
  const items: ExportItem[] = [];
  for await (const item of readExport(cut(Buffer.from(source as string), sizes))) items.push(item);
  return items;
}

const key = fc.string({ unit: "binary", minLength: 1, maxLength: 20 }).filter(isKey);
const value = fc.oneof(fc.uint8Array({ maxLength: 60 }), fc.string({ unit: "binary" }).map((text) => new TextEncoder().encode(text))); // prettier-ignore
const expiresAt = fc.oneof(fc.constant(Infinity), fc.integer({ min: 1, max: 8.64e15 }));
const pairs = fc.array(fc.tuple(key, fc.record({ value, expiresAt }, { noNullPrototype: true })), { maxLength: 8 });

test("what is written is read back exactly, however it is cut into pieces", async () => {
  await fc.assert(
    fc.asyncProperty(pairs, fc.boolean(), fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), async (pairs, marks, sizes) => {
      const items = await read(write(pairs, marks), sizes);
      const found = items.flatMap((item) => (item.kind === "entry" ? [[item.key, item.entry]] : []));
      assert.deepEqual(found, pairs);
      const end = items.at(-1)!;
      assert.deepEqual(end, { kind: "end", line: end.line, count: pairs.length, isWhole: true });
      assert.equal(items.filter(({ kind }) => kind === "mark").length, marks ? pairs.length : 0);
    }),
    { numRuns: 200 },
  ); // prettier-ignore
});

test("a changed byte is reported, and so is a cut anywhere", async () => {
  const whole = Buffer.from(write([["a", { value: Uint8Array.of(1, 2, 255), expiresAt: 1e12 }], ["é", { value: Buffer.from("text"), expiresAt: Infinity }]])); // prettier-ignore
  const isWhole = async (bytes: Uint8Array): Promise<boolean> => {
    try {
      const items = await read(bytes);
      return items.every(({ kind }) => kind !== "damage") && items.some((item) => item.kind === "end" && item.isWhole);
    } catch (error) {
      assert.ok(isStoreError(error, "cant-decode"), String(error));
      return false;
    }
  };
  assert.ok(await isWhole(whole));
  for (let at = 0; at < whole.length - 1; at++) {
    assert.ok(!(await isWhole(whole.subarray(0, at))), `cut at ${at}`);
    for (const other of [whole[at]! ^ 1, 0x20, 0x0a, 0xff]) {
      if (other === whole[at]) continue;
      const changed = Buffer.from(whole);
      changed[at] = other;
      assert.ok(!(await isWhole(changed)), `${other} in place of ${whole[at]} at ${at}`);
    }
  }
  // Only the end of the last line may be missing.
  assert.ok(await isWhole(whole.subarray(0, -1)));
});

test("whatever comes in, it is read or refused, and nothing else", async () => {
  const member = fc.constantFrom("key", "text", "base64", "expiresAt", "cursor", "end", "count", "sha256", "__proto__", "other"); // prettier-ignore
  const leaf = fc.oneof(fc.string(), fc.double(), fc.boolean(), fc.constant(null), fc.constantFrom("a", "YQ==", "YQ", 1, 1e13, "\ud800")); // prettier-ignore
  const line = fc.oneof(fc.dictionary(member, leaf).map((each) => JSON.stringify(each)), fc.json(), fc.string(), fc.constant("")); // prettier-ignore
  const text = fc.array(line, { maxLength: 6 }).map((lines) => writeHeader({ prefix: "" }) + lines.join("\n"));
  const source = fc.oneof(text.map((each) => Buffer.from(each)), fc.uint8Array({ maxLength: 200 })); // prettier-ignore
  await fc.assert(
    fc.asyncProperty(source, async (bytes) => {
      try {
        for (const item of await read(bytes, [7])) {
          if (item.kind === "entry") assert.ok(isKey(item.key) && item.entry.expiresAt > 0);
        }
      } catch (error) {
        assert.ok(isStoreError(error, "cant-decode"), String(error));
      }
    }),
    { numRuns: 1000 },
  );
});

test("each kind of damage is reported with its line, and the others are read", async () => {
  const damaged: [line: string, expected: RegExp][] = [
    ["", /a line of JSON/],
    ['{"key":"a","text":"v"', /a line of JSON, whole/],
    ["[]", /a line of JSON/],
    ['{"text":"v"}', /a key of/],
    ['{"key":"","text":"v"}', /a key of/],
    ['{"key":"\\ud800","text":"v"}', /a key of/],
    [`{"key":"${"x".repeat(1025)}","text":"v"}`, /a key of/],
    ['{"key":"a"}', /the value as text or in base64/],
    ['{"key":"a","text":"v","base64":"dg=="}', /the value as text or in base64/],
    ['{"key":"a","text":7}', /the value as text or in base64/],
    ['{"key":"a","text":"\\udc00"}', /the value as text or in base64/],
    ['{"key":"a","base64":"dg"}', /the value as text or in base64/],
    ['{"key":"a","base64":"d g="}', /the value as text or in base64/],
    ['{"key":"a","base64":"%%%%"}', /the value as text or in base64/],
    ['{"key":"a","text":"v","expiresAt":"soon"}', /expiresAt in epoch ms/],
    ['{"key":"a","text":"v","expiresAt":1.5}', /expiresAt in epoch ms/],
    ['{"key":"a","text":"v","expiresAt":0}', /expiresAt in epoch ms/],
    ['{"key":"a","text":"v","ttl":5}', /only key, text, base64, expiresAt/],
    ['{"key":"a","text":"v","__proto__":{}}', /only key/],
  ];
  for (const [line, expected] of damaged) {
    const items = await read(`${writeHeader({ prefix: "" })}${line}\n{"key":"next","text":"v"}\n`);
    const [first, second] = items;
    assert.ok(first?.kind === "damage" && first.line === 2, line);
    assert.match(first.expected, expected);
    assert.ok(second?.kind === "entry" && second.key === "next", line);
  }
  const after = await read(`${write([])}{"key":"a","text":"v"}\n`);
  assert.deepEqual(after.at(-1), { kind: "damage", line: 3, expected: "nothing after the end" });
});

test("what is no export, or of another version, is refused", async () => {
  for (const source of ["", "\n", "{}", "text", '{"shelflife":"export","version":1}', '{"key":"a","text":"v"}\n']) {
    await assert.rejects(read(source), (error: Error) => isStoreError(error, "cant-decode") && error.message.endsWith("in line 1")); // prettier-ignore
  }
  await assert.rejects(read('{"shelflife":"export","version":2,"prefix":""}\n'), /expected version 1, got 2$/);
});

test("a text that would be long as JSON is written in base64", () => {
  const controls = new Uint8Array(2_000_000).fill(1);
  assert.deepEqual(Object.keys(toLine("a", { value: controls, expiresAt: Infinity })), ["key", "base64"]);
  assert.deepEqual(Object.keys(toLine("a", { value: controls.fill(65), expiresAt: Infinity })), ["key", "text"]);
});
