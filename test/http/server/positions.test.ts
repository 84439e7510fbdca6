import assert from "node:assert/strict";
import * as fc from "fast-check";
import { test } from "vitest";
import { checkId, createPositions } from "../../../src/http/server/positions.ts";
import { fuzz } from "../../support/fuzz.ts";

const positions = createPositions();
const some = fc.oneof(fc.nat(1000), fc.maxSafeNat().map((at) => at % 2 ** 40), fc.constantFrom(2 ** 32 - 1, 2 ** 32, 2 ** 40 - 1)); // prettier-ignore

fuzz("a position is found by each of its names, in its own log alone", some, (at) => {
  const [one, other] = [positions.name(at), positions.name(at)];
  assert.notEqual(one, other);
  assert.deepEqual([positions.find(one), positions.find(other)], [at, at]);
  assert.equal(checkId(one), one);
  assert.equal(createPositions().find(one), undefined);
});

test("the names of one position, and of neighbours, differ in about half of their bits", () => {
  const names = Array.from({ length: 200 }, (_, index) => positions.name(index >> 1).slice(37));
  for (const [index, name] of names.slice(1).entries()) {
    const bits = BigInt(`0x${name}`) ^ BigInt(`0x${names[index]!}`);
    const count = bits.toString(2).replaceAll("0", "").length;
    assert.ok(count > 8 && count < 56, `${name} and ${names[index]}: ${count}`);
  }
});
