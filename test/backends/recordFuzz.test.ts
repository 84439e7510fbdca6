import assert from "node:assert/strict";
import * as fc from "fast-check";
import { readHead, readValue, writeRecord } from "../../src/backends/_record.ts";
import { anyBytes, fuzz } from "../fuzz.ts";

const deadlines = fc.oneof(fc.constant(Infinity), fc.maxSafeInteger(), fc.constantFrom(0, -1, Date.now()));

fuzz(
  "any entry comes back from its record as it was, and no record has a lone surrogate",
  fc.record({ value: anyBytes(), expiresAt: deadlines }),
  ({ value, expiresAt }) => {
    const record = writeRecord({ value, expiresAt });
    assert.doesNotMatch(record, /\p{Cs}/u);
    const { start, ...head } = readHead(record);
    assert.deepEqual(head, { expiresAt, size: value.length });
    assert.deepEqual(readValue(record, { ...head, start }), new Uint8Array(value));
  },
  5000,
);

fuzz(
  "a record that is damaged is read without an error, and never as more than it holds",
  fc.oneof(
    fc.string({ unit: "binary", maxLength: 40 }),
    fc
      .tuple(anyBytes(30), deadlines, fc.nat(60), fc.string({ unit: "binary", maxLength: 2 }))
      .map(([value, expiresAt, at, more]) => {
        const record = writeRecord({ value, expiresAt });
        return record.slice(0, at) + more + record.slice(at + 1);
      }),
  ),
  (record) => {
    const head = readHead(record);
    const { size, expiresAt } = head;
    assert.ok(!Number.isNaN(expiresAt), String(expiresAt));
    const value = readValue(record, head);
    if (value) assert.equal(value.length, size);
  },
  5000,
);
