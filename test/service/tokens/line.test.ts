import assert from "node:assert/strict";
import * as fc from "fast-check";
import { readTokenLines, type TokenLine } from "../../../src/service/tokens/line.ts";
import { anyJson, anyText, fuzz } from "../../support/fuzz.ts";

const names = fc.oneof(fc.constantFrom("name", "sha256", "prefix", "can", "expires"), anyText);
const damaged = fc.oneof(
  fc.string({ unit: "binary" }),
  anyJson.map((value) => JSON.stringify(value)),
  fc.dictionary(names, anyJson).map((members) => JSON.stringify(members)),
  fc.nat(20_000).map((depth) => `{"can":${"[".repeat(depth)}`),
  fc.tuple(fc.string(), fc.nat(100)).map(([text, at]) => `{"name":"a","sha256":"${"0".repeat(64)}"}`.slice(0, at) + text),
); // prettier-ignore

fuzz(
  "whatever a token file holds is read, or reported with a place that is in it",
  fc.array(damaged, { maxLength: 5 }),
  (sources) => {
    const text = sources.join("\n");
    const all = text.replace(/^\ufeff/, "").split(/\r?\n/);
    const { lines, problems } = readTokenLines(text);
    for (const { line, column, expected } of problems) {
      assert.ok(line >= 1 && line <= all.length, `line ${line}`);
      assert.ok(column >= 1 && column <= all[line - 1]!.length + 1, `column ${column} of line ${line}`);
      assert.match(expected, /^[\w ,:{}[\]"-]+$/, "it quotes nothing");
    }
    for (const { name, sha256, prefix } of lines) {
      assert.match(sha256, /^[\da-f]{64}$/);
      assert.ok(name.length > 0 && (prefix === undefined || typeof prefix === "string"));
    }
  },
);

const hex = fc.array(fc.constantFrom(..."0123456789abcdef".split("")), { minLength: 64, maxLength: 64 });
const good: fc.Arbitrary<TokenLine> = fc.record(
  {
    name: fc.string({ unit: "grapheme", minLength: 1 }),
    sha256: hex.map((digits) => digits.join("")),
    prefix: fc.string({ unit: "grapheme", maxLength: 50 }),
    can: fc.subarray(["read", "write", "list", "watch"] as const),
    expires: fc.date({ min: new Date(0), max: new Date("9999-01-01"), noInvalidDate: true }).map((at) => at.toISOString()),
  },
  { requiredKeys: ["name", "sha256"] },
); // prettier-ignore

fuzz(
  "what is written as a line of tokens is read as it was",
  fc.uniqueArray(good, { maxLength: 5, selector: ({ sha256 }) => sha256 }),
  (lines) => {
    const read = readTokenLines(lines.map((line) => JSON.stringify(line)).join("\n"));
    assert.deepEqual(read, { lines: lines.map((line) => ({ ...line })), problems: [] });
  },
  1000,
);
