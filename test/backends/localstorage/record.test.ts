import assert from "node:assert/strict";
import * as fc from "fast-check";
import { readHead, readValue, writeRecord } from "../../../src/backends/localstorage/record.ts";
import { toBytes } from "../../../src/core/value.ts";
import { anyBytes, fuzz } from "../../support/fuzz.ts";

const deadlines = fc.oneof(fc.constant(Infinity), fc.maxSafeInteger(), fc.constantFrom(0, -1, Date.now()));

// Lone surrogates among them.
const anyUnits = fc
  .array(fc.oneof(fc.nat(0xffff), fc.constantFrom(0xd83d, 0xde00, 0xfffd, 0xfeff)), { maxLength: 20 })
  .map((units) => String.fromCharCode(...units));

fuzz(
  "any entry comes back from its record as it was, and no record has a lone surrogate",
  fc.record({ value: anyBytes(), expiresAt: deadlines }),
  ({ value, expiresAt }) => {
    const record = writeRecord({ value, expiresAt });
    assert.doesNotMatch(record, /\p{Cs}/u);
    const { start, ...head } = readHead(record);
    assert.deepEqual(head, { expiresAt, size: value.length });
    assert.deepEqual(toBytes(readValue(record, { ...head, start })), new Uint8Array(value));
  },
  5000,
);

/** UTF-8 with a byte that is another, or none. */
const almostText = fc
  .tuple(fc.oneof(fc.string({ unit: "binary", maxLength: 8 }), anyUnits), fc.nat(40), fc.nat(256))
  .map(([text, at, byte]) => {
    const bytes = new TextEncoder().encode(text);
    if (byte === 256) return bytes.slice(0, -1);
    if (at < bytes.length) bytes[at] = byte;
    return bytes;
  });

fuzz(
  "bytes are kept as text when a strict decoder takes them, and only then",
  fc.oneof(almostText, anyBytes(4)),
  (value) => {
    let text: string | undefined;
    try {
      text = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true }).decode(value);
    } catch {
      // It is no text.
    }
    const record = writeRecord({ value, expiresAt: Infinity });
    assert.equal(record[0] === "t" ? record.slice(readHead(record).start) : undefined, text);
  },
  20_000,
);

fuzz(
  "text makes the same record as its UTF-8 bytes, and comes back as text",
  fc.record({ text: fc.oneof(fc.string({ unit: "binary" }), fc.string(), anyUnits), expiresAt: deadlines }),
  ({ text, expiresAt }) => {
    const value = new TextEncoder().encode(text);
    const record = writeRecord({ value: text, expiresAt });
    assert.equal(record, writeRecord({ value, expiresAt }));
    assert.equal(readValue(record, readHead(record)), new TextDecoder("utf-8", { ignoreBOM: true }).decode(value));
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
    if (value === undefined) return;
    // Of text, as many units or as many bytes as the head says.
    const bytes = toBytes(value);
    assert.ok(value.length === size || bytes.length === size);
    if (record[0] === "t") assert.deepEqual(bytes, toBytes(record.slice(head.start)));
  },
  5000,
);
