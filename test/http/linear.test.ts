import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import * as fc from "fast-check";
import { test } from "vitest";
import { countSteps } from "../support/countSteps.ts";
import { fuzz } from "../support/fuzz.ts";

// A literal stands after something that no division stands after.
const literal =
  /(?:^|[(,=:[!&|?;{}]|=>|return)\s*(\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*)(?=[.,;)\s\]])/gm;

/** The patterns of a folder, by where they stand. */
function patternsOf(folder: string): readonly (readonly [where: string, pattern: RegExp])[] {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
  return files.flatMap((file) => {
    const text = readFileSync(`${folder}/${file}`, "utf8").replace(/^\s*(\/\/|\*|\/\*\*).*$/gm, "");
    return Array.from(text.matchAll(literal), ([, found]) => {
      const end = found!.lastIndexOf("/");
      const flags = found!.slice(end + 1);
      // As it works where it looks for more than one.
      return [`${folder}/${file} ${found}`, new RegExp(found!.slice(1, end), `${flags.replace("g", "")}g`)] as const;
    });
  });
}

const patterns = ["src/http", "src/service", "src/core"].flatMap(patternsOf);

const parts = fc.constantFrom(..." \t,;=\"a0/.-+W\\%&?:[]{}()*@#~'\u00e9_\n".split(""), "ab", "a=", '="', "a,", " ,", "; ", "a;", "=a", "\\\"", "0.", "a:", "//", "bearer ", "=;", "1e"); // prettier-ignore
const texts = fc.tuple(
  fc.oneof(fc.constantFrom("", "a", "bearer a", "a/b", 'a/b;c="', "http://", "0", "2026-01-01T00:00:00.", "?"), parts),
  fc.array(parts, { minLength: 1, maxLength: 2 }).map((each) => each.join("")),
  fc.oneof(fc.constantFrom("", "\0", "!", '"'), parts),
);
const length = 200;

test("the patterns are found, and one that goes over a run again and again is noticed", () => {
  assert.ok(patterns.length > 30, String(patterns.length));
  const grow = (pattern: RegExp): number => countSteps(pattern, " ".repeat(400)) / countSteps(pattern, " ".repeat(200));
  assert.ok(grow(/\s*,\s*/g) > 3.5);
  assert.ok(grow(/^(\s*,)?$/g) < 2.5);
});

test("no pattern costs more than in proportion to a run of spaces, commas, quotes, or whatever else is in a header", () => {
  for (const [where, pattern] of patterns) {
    for (const part of [" ", "\t", ",", " ,", '"', "a", "0", "/", ";", "=", ".", "\\"]) {
      for (const [start, end] of [
        ["", "\0"],
        ['a"', '"'],
      ]) {
        const [short, long] = [1, 2].map((times) =>
          countSteps(pattern, start + part.repeat((times * length) / part.length) + end, 2_000_000),
        );
        assert.ok(long! <= 2.5 * short! + 1000, `${where}: ${short}, then ${long} steps for ${JSON.stringify(part)}`);
      }
    }
  }
});

fuzz(
  "no pattern by which something is read costs more than in proportion to its length",
  fc.tuple(fc.constantFrom(...patterns), texts),
  ([[where, pattern], [start, part, end]]) => {
    const [short, long] = [1, 2].map((times) =>
      countSteps(pattern, start + part.repeat((times * length) / part.length) + end, 2_000_000),
    );
    assert.ok(
      long! <= 2.5 * short! + 1000,
      `${where}: ${short}, then ${long} steps for ${JSON.stringify([start, part, end])}`,
    );
  },
  3000,
);
