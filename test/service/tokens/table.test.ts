import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "vitest";
import { createTable, search, wordsOf } from "../../../src/service/tokens/table.ts";

const hashOf = (token: string): string => createHash("sha256").update(token).digest("hex");

test("the time that a check takes depends neither on where a token stands, nor on whether it is there", () => {
  const lines = Array.from({ length: 500 }, (_, at) => ({ name: `${at}`, sha256: hashOf(`token-${at}`) }));
  const words = Int32Array.from(lines.flatMap(({ sha256 }) => wordsOf(sha256)));
  // What takes time is to read and compare: each search reads all words, in the same order.
  const readBy = (token: string): PropertyKey[] => {
    const reads: PropertyKey[] = [];
    const counted = new Proxy(words, {
      get(target, name) {
        reads.push(name);
        return Reflect.get(target, name) as unknown;
      },
    });
    const at = search(counted, wordsOf(hashOf(token)));
    assert.equal(lines[at]?.name, token === "token-none" ? undefined : token.slice("token-".length));
    return reads;
  };
  const first = readBy("token-0");
  assert.ok(first.length > words.length);
  for (const token of ["token-1", "token-250", "token-499", "token-none"])
    assert.deepEqual(readBy(token), first, token);
  const find = createTable(lines);
  assert.deepEqual([find(hashOf("token-499")), find(hashOf("token-none"))], [lines[499], undefined]);
});
