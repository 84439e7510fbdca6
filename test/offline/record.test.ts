import assert from "node:assert/strict";
import { test } from "vitest";
import {
  lasting,
  plainValue,
  readRecord,
  visible,
  withValue,
  writeRecord,
  type Delta,
  type Record,
  type Slot,
} from "../../src/offline/record.ts";
import { text, utf8 } from "../support/bytes.ts";

const write = { id: "w", value: utf8("new"), expiresAt: Infinity, base: undefined, steps: 0 };
const records: { readonly [name: string]: { record: Record; isPlain: boolean } } = {
  "what is confirmed for ever": { record: from([], true), isPlain: true },
  "a write of a new key": { record: from([write]), isPlain: true },
  "a write on its way": { record: from([{ ...write, isSent: true }]), isPlain: true },
  "an empty value": { record: from([{ ...write, value: new Uint8Array() }]), isPlain: true },
  "what has a deadline": { record: from([{ ...write, expiresAt: 5 }]), isPlain: false },
  "a write over a value": { record: from([write], true), isPlain: false },
  "a write whose end was noted": { record: from([{ ...write, isOver: true }]), isPlain: false },
  "what was dropped on its way": { record: from([{ ...write, isSent: true, isDropped: true }]), isPlain: false },
  "a delete": { record: from([{ ...write, value: undefined }], true), isPlain: false },
  "an addition": { record: from([{ id: "d", at: 1, by: 1, born: Infinity }]), isPlain: false },
  "a new deadline": { record: from([{ id: "d", at: 1, until: 7 }], true), isPlain: false },
  "two that wait": {
    record: from([
      { ...write, isSent: true },
      { ...write, id: "v" },
    ]),
    isPlain: false,
  },
  "a base to merge with": { record: from([{ ...write, before: utf8("before") }]), isPlain: false },
  "one that goes over what nobody saw": { record: from([{ ...write, over: utf8("theirs") }]), isPlain: false },
  "what is only on the other side": { record: { n: "n", pending: [], confirmed: { expiresAt: Infinity, tag: "t" } }, isPlain: false }, // prettier-ignore
};

function from(pending: readonly Slot[], hasValue = false): Record {
  return { n: "n", pending, ...(hasValue && { confirmed: { value: utf8("old"), expiresAt: Infinity, tag: "t" } }) };
}

const bare = (record: Record): unknown => JSON.parse(JSON.stringify(record));

for (const [name, { record, isPlain }] of Object.entries(records)) {
  test(`${name} is read as it was written${isPlain ? ", and its value without taking the row apart" : ""}`, () => {
    const row = writeRecord(record)!.value;
    // The row does not say which may be on its way.
    const sent = record.pending.flatMap(({ id, isSent }) => (isSent ? [id as unknown] : []));
    assert.deepEqual(bare(readRecord(row, (id) => sent.includes(id))), bare(record));
    const value = plainValue(row);
    assert.equal(!!value, isPlain);
    const seen = lasting(record);
    if (value) assert.deepEqual([value, Infinity], [seen!.value, seen!.expiresAt]);
  });
}

const confirmed = { value: utf8("5"), expiresAt: 1000, tag: "5" };

/** Returns what is seen at a time, and what was until it ended, after a change that was made at some time. */
function seenAt(time: number, change: Omit<Delta, "id">): unknown[] {
  const record: Record = { n: "1", confirmed, pending: [{ id: "first", ...change }] };
  return [visible(record, () => time), lasting(record)].map((seen) => text(seen?.value));
}

test("a deadline that was given in time holds, also when the one before it has passed", () => {
  assert.deepEqual(seenAt(1500, { at: 900, until: 2000 }), ["5", "5"]);
  assert.deepEqual(seenAt(2000, { at: 900, until: 2000 }), [undefined, "5"]);
  assert.deepEqual(seenAt(1500, { at: 1000, until: 2000 }), [undefined, undefined]);
});

test("what was added to a value ends with that, and what was added after that is added to nothing", () => {
  assert.deepEqual(seenAt(999, { at: 900, by: 1, born: 3000 }), ["6", "6"]);
  assert.deepEqual(seenAt(1000, { at: 900, by: 1, born: 3000 }), [undefined, "6"]);
  assert.deepEqual(seenAt(1500, { at: 1000, by: 1, born: 3000 }), ["1", "1"]);
});

test("a value that was read belongs to a record that names it, and to no other", () => {
  const stub: Record = { n: "n", confirmed: { tag: "a", value: undefined, expiresAt: Infinity }, pending: [] };
  const found = { tag: "a", value: utf8("read"), expiresAt: Infinity };
  assert.equal(text(withValue(stub, found, () => 0)?.confirmed?.value), "read");
  for (const other of [{ ...found, tag: "b" }, { ...found, value: undefined }, undefined])
    assert.equal(
      withValue(stub, other, () => 0),
      undefined,
    );
});
