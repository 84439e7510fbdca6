import assert from "node:assert/strict";
import * as fc from "fast-check";
import { isFlatJson } from "../../../src/http/server/batchHead.ts";
import { anyJson, fuzz } from "../../support/fuzz.ts";
import { bytes } from "../../support/pair.ts";

/** How deep a value of JSON is, and how many commas parts of it are separated by. */
function measure(value: unknown): [depth: number, commas: number] {
  if (Object(value) !== value) return [0, 0];
  const parts = Object.values(value as object).map(measure);
  return [
    1 + Math.max(0, ...parts.map(([depth]) => depth)),
    Math.max(0, parts.length - 1) + parts.reduce((sum, [, commas]) => sum + commas, 0),
  ];
}

fuzz(
  "JSON is flat as its values are, whatever its texts look like",
  fc.tuple(anyJson, fc.nat(4), fc.nat(8)),
  ([value, deepest, commas]) => {
    const json = JSON.stringify(value);
    const [depth, found] = measure(JSON.parse(json));
    assert.equal(isFlatJson(bytes(json), deepest, commas), depth <= deepest && found <= commas);
  },
);

fuzz(
  "each byte is looked at once at most, whatever it is",
  fc.array(fc.constantFrom(...bytes('[]{},"\\a:1 ')), { maxLength: 500 }),
  (json) => {
    let looks = 0;
    const counted = new Proxy(json, {
      get(target, name) {
        if (name !== "length") looks++;
        return Reflect.get(target, name) as unknown;
      },
    });
    isFlatJson(counted, 3, 100);
    assert.ok(looks <= json.length, `${looks} for ${json.length}`);
  },
);
