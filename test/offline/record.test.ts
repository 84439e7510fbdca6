import assert from "node:assert/strict";
import { test } from "vitest";
import { lasting, plainValue, readRecord, writeRecord, type Record, type Slot } from "../../src/offline/record.ts";
import { utf8 } from "../support/bytes.ts";

const write = { id: "w", value: utf8("new"), expiresAt: Infinity, base: undefined, steps: 0 };
const records: { readonly [name: string]: { record: Record; isPlain: boolean } } = {
  "what is confirmed for ever": { record: from([], true), isPlain: true },
  "a write of a new key": { record: from([write]), isPlain: true },
  "a write on its way": { record: from([{ ...write, isSent: true }]), isPlain: true },
  "an empty value": { record: from([{ ...write, value: new Uint8Array() }]), isPlain: true },
  "what has a deadline": { record: from([{ ...write, expiresAt: 5 }]), isPlain: false },
  "a write over a value": { record: from([write], true), isPlain: false },
  "a write whose end was noted": { record: from([{ ...write, isOver: true }]), isPlain: false },
  "a delete": { record: from([{ ...write, value: undefined }], true), isPlain: false },
  "an addition": { record: from([{ id: "d", by: 1, born: Infinity }]), isPlain: false },
  "a new deadline": { record: from([{ id: "d", until: 7 }], true), isPlain: false },
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
    assert.deepEqual(bare(readRecord(row)), bare(record));
    const value = plainValue(row);
    assert.equal(!!value, isPlain);
    const seen = lasting(record);
    if (value) assert.deepEqual([value, Infinity], [seen!.value, seen!.expiresAt]);
  });
}
