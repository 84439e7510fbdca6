import assert from "node:assert/strict";
import { test } from "vitest";
import { slotCount, slotOf, tagIn, tagOf } from "../../../src/backends/valkey/slots.ts";

test("a key is in the slot that the specification of the cluster says", () => {
  // Of the check sum the specification itself gives 31C3 for this text.
  assert.equal(slotOf("123456789"), 0x31c3);
  assert.equal(slotOf("foo"), 12_182);
  assert.equal(slotOf("{user1000}.following"), slotOf("user1000"));
  assert.equal(slotOf("foo{{bar}}zap"), slotOf("{bar"));
  assert.equal(slotOf("foo{bar}{zap}"), slotOf("bar"));
  assert.equal(tagOf("foo{}{bar}"), undefined);
  assert.equal(tagOf("foo{bar"), undefined);
  for (let slot = 0; slot < slotCount; slot++) assert.equal(slotOf(tagIn(slot)), slot);
});
