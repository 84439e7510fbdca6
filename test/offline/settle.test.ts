import assert from "node:assert/strict";
import { test } from "vitest";
import type { Decision } from "../../src/core/contract.ts";
import type { Record, Write } from "../../src/offline/record.ts";
import { settle, type Verdict } from "../../src/offline/settle.ts";
import { text, utf8 } from "../support/bytes.ts";

const now = 1000;
const there = { value: utf8("there"), expiresAt: Infinity, tag: "there" };

function slot(id: string, rest: Partial<Write>): Write {
  return { id, value: utf8(id), expiresAt: Infinity, base: "there", steps: 0, ...rest };
}

/** Settles the first of two writes, and returns what is left of the second. */
function after(second: Partial<Write>, verdict: Verdict, first: Partial<Write> = {}): Write | undefined {
  const record: Record = {
    n: "1",
    confirmed: there,
    pending: [slot("first", { isSent: true, ...first }), slot("second", second)],
  };
  const [{ pending }] = settle("k", record, verdict, { now: () => now, n: "2", decisions: () => [] });
  return pending[0] as Write | undefined;
}

test("a write that has ended still removes what it was written over, if the one before it was not done", () => {
  for (const verdict of [
    { isDone: false, isUncertain: true, now: there },
    { isDone: false, now: there, error: new Error("refused") as never },
  ]) {
    const left = after({ expiresAt: now }, verdict);
    assert.deepEqual([left?.id, left?.base], ["second", "there"]);
    const theirs = { ...there, tag: "theirs" };
    assert.equal(after({ expiresAt: now }, { ...verdict, now: theirs }), undefined);
  }
});

test("what follows a write that was done is put on it, whether that has ended here or not", () => {
  const first = { value: utf8("first"), expiresAt: now, tag: "first" };
  const left = after({ value: undefined }, { isDone: true, now: first }, { expiresAt: now });
  assert.deepEqual([left?.id, left?.base], ["second", "first"]);
});

test("what was noted to have ended stays so when the clock is set back", () => {
  const record: Record = {
    n: "1",
    confirmed: there,
    pending: [slot("first", { isSent: true, isOver: true, expiresAt: now + 1 })],
  };
  const theirs = { value: utf8("theirs"), expiresAt: Infinity, tag: "theirs" };
  const [{ pending, confirmed }] = settle(
    "k",
    record,
    { isDone: false, now: theirs },
    { now: () => now, n: "2", decisions: () => [] },
  );
  assert.deepEqual([pending, text(confirmed?.value)], [[], "theirs"]);
});

test("what was added is not added again when the decision after it is made again", () => {
  const plus = (by: number) => (entry?: { readonly value: Uint8Array }) => ({
    value: utf8(`${Number(text(entry?.value)) + by}`),
    expiresAt: Infinity,
  });
  const record: Record = {
    n: "1",
    confirmed: { value: utf8("1"), expiresAt: Infinity, tag: "1" },
    pending: [
      { id: "first", at: now, by: 1, isSent: true },
      slot("second", { base: "1", steps: 2, value: utf8("12") }),
    ],
  };
  const verdict = { isDone: true, now: { value: utf8("102"), expiresAt: Infinity, tag: "102" } };
  const [{ pending }] = settle("k", record, verdict, { now: () => now, n: "2", decisions: () => [plus(1), plus(10)] });
  assert.equal(text((pending[0] as Write).value), "112");
});

test("a write over what was added to a value that it had not seen keeps that", () => {
  const record: Record = {
    n: "1",
    confirmed: { value: utf8("5"), expiresAt: Infinity, tag: "5" },
    pending: [{ id: "first", at: now, by: 1, isSent: true }, slot("second", { base: undefined })],
  };
  const verdict = { isDone: true, now: { value: utf8("6"), expiresAt: Infinity, tag: "6" } };
  const [{ pending }] = settle("k", record, verdict, { now: () => now, n: "2", decisions: () => [] });
  assert.equal(text((pending[0] as Write).over), "6");
});

test("a deletion is not done because what came instead has ended by the clock here", () => {
  const record: Record = {
    n: "1",
    confirmed: there,
    pending: [slot("first", { isSent: true, value: undefined })],
  };
  const theirs = { value: utf8("theirs"), expiresAt: now - 1, tag: "theirs" };
  const [{ pending }] = settle(
    "k",
    record,
    { isDone: false, now: theirs },
    { now: () => now, n: "2", decisions: () => [] },
  );
  assert.equal(pending[0]?.id, "first");
});

test("what was written over an addition and has ended removes what that was added to, if it was not added", () => {
  const five = { ...there, value: utf8("5") };
  for (const rest of [{ steps: 0 }, { steps: 2 }]) {
    const record: Record = {
      n: "1",
      confirmed: five,
      pending: [{ id: "first", at: 0, by: 1, isSent: true }, slot("second", { ...rest, expiresAt: now })],
    };
    const verdict = { isDone: false, isUncertain: true, now: five };
    const [{ pending }] = settle("k", record, verdict, { now: () => now, n: "2", decisions: () => [] });
    assert.deepEqual([pending[0]?.id, (pending[0] as Write | undefined)?.base], ["second", "there"]);
  }
});

test("a deletion that was merged is done, however long what it was merged with was to live", () => {
  const write = slot("first", { isSent: true, value: undefined, expiresAt: now - 1 });
  const theirs = { value: utf8("theirs"), expiresAt: Infinity, tag: "theirs" };
  const court = { now: () => now, n: "2", decisions: () => [], merge: () => undefined };
  const record: Record = { n: "1", confirmed: there, pending: [write] };
  const [{ pending }] = settle("k", record, { isDone: false, now: theirs }, court);
  assert.deepEqual([pending[0]?.id, (pending[0] as Write | undefined)?.base], ["first", "theirs"]);
});

test("a deadline that has passed ends nothing newer when it is given again before a decision", () => {
  const theirs = { value: utf8("theirs"), expiresAt: Infinity, tag: "theirs" };
  const decisions: Decision[] = [
    (entry) => entry && { ...entry, expiresAt: now - 1 },
    (entry) => ({
      value: utf8(`${entry && entry.expiresAt > now ? text(entry.value) : "no"}+mine`),
      expiresAt: Infinity,
    }),
  ];
  const record: Record = { n: "1", pending: [slot("first", { isSent: true, steps: 2, base: undefined })] };
  const court = { now: () => now, n: "2", decisions: () => decisions };
  const [{ pending }] = settle("k", record, { isDone: false, now: theirs }, court);
  assert.equal(text((pending[0] as Write).value), "theirs+mine");
});

test("what a write may have gone over is reported, also when another follows it", () => {
  const record: Record = {
    n: "1",
    confirmed: there,
    pending: [slot("first", { isSent: true, over: utf8("theirs") }), slot("second", {})],
  };
  const verdict = { isDone: false, isUncertain: true };
  const [, reports] = settle("k", record, verdict, { now: () => now, n: "2", decisions: () => [] });
  assert.deepEqual(
    reports.map(({ kind, theirs }) => [kind, text(theirs)]),
    [["uncertain", "theirs"]],
  );
});
