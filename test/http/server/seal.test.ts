import assert from "node:assert/strict";
import * as fc from "fast-check";
import { test } from "vitest";
import { createHash } from "../../../src/http/server/hash.ts";
import { checkId } from "../../../src/http/server/positions.ts";
import { createSeal } from "../../../src/http/server/seal.ts";
import { anyText, fuzz } from "../../support/fuzz.ts";

const seal = await createSeal("a secret", createHash());
const positions = fc.string({ maxLength: 60, unit: fc.constantFrom(..."0123456789-abcdef".split("")) });

fuzz("a position is found by each of its ids, by all who have the secret and by nobody else", positions, async (at) => {
  const [one, other] = [seal.id(at), seal.id(at)];
  assert.notEqual(one, other);
  assert.equal(checkId(one), one);
  const same = await createSeal("a secret", createHash());
  assert.deepEqual([seal.open(one), same.open(other)], [at, at]);
  assert.equal((await createSeal("another", createHash())).open(one), undefined);
});

test("ids are of one length, and those of one position and of neighbours differ in about half of their bits", () => {
  const ids = Array.from({ length: 200 }, (_, index) => seal.id(`${10 ** (index % 12) + (index >> 1)}-123`));
  assert.equal(new Set(ids.map((id) => id.length)).size, 1);
  for (const [index, id] of ids.slice(1).entries()) {
    const bits = BigInt(`0x${id.slice(17)}`) ^ BigInt(`0x${ids[index]!.slice(17)}`);
    const count = bits.toString(2).replaceAll("0", "").length;
    assert.ok(count > 120 && count < 264, `${id}: ${count}`);
  }
});

fuzz("an id that was changed stands for nothing that it stood for", fc.tuple(fc.nat(95), anyText), ([at, text]) => {
  const id = seal.id("17-4711");
  const digit = (parseInt(id[17 + at]!, 16) ^ 1).toString(16);
  assert.notEqual(seal.open(`${id.slice(0, 17 + at)}${digit}${id.slice(18 + at)}`), "17-4711");
  assert.equal(seal.open(text), undefined);
  assert.equal(seal.open(id.slice(0, -1)), undefined);
});
