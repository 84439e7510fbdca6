import assert from "node:assert/strict";
import { test } from "vitest";
import { readDuration, writeDuration } from "../../src/cli/duration.ts";
import { nearest } from "../../src/core/suggest.ts";

test("a duration is read with its unit, or in ms, and is above 0", () => {
  const right: [string, number][] = [
    ["500ms", 500],
    ["30s", 30_000],
    ["5m", 300_000],
    ["12h", 43_200_000],
    ["7d", 604_800_000],
    ["2w", 1_209_600_000],
    ["1.5h", 5_400_000],
    ["1h30m", 5_400_000],
    ["250", 250],
    ["0.5", 0.5],
  ];
  for (const [text, ms] of right) assert.equal(readDuration(text), ms, text);
  const wrong = ["", "0", "0s", "-1", "-5m", "5 m", "5x", "m", "1e3", "Infinity", "5M", "m5", "5m3", ".5s", `${"9".repeat(400)}s`]; // prettier-ignore
  for (const text of wrong) assert.equal(readDuration(text), undefined, text);
});

test("a span of time is shown in its two largest units", () => {
  const spans: [number, string][] = [
    [1, "1ms"],
    [999.5, "1000ms"],
    [1000, "1s"],
    [59_999, "59s"],
    [60_000, "1m"],
    [299_000, "4m 59s"],
    [3_600_000, "1h"],
    [3_605_000, "1h"],
    [90_061_000, "1d 1h"],
  ];
  for (const [ms, text] of spans) assert.equal(writeDuration(ms), text);
});

test("a name that was meant is found, and another one is not", () => {
  const names = ["backend", "listen", "list", "limits", "tokens"];
  const meant: [string, string | undefined][] = [
    ["bakend", "backend"],
    ["lsit", "list"],
    ["limit", "limits"],
    ["tok", "tokens"],
    ["token", "tokens"],
    ["x", undefined],
    ["whatever", undefined],
    ["", undefined],
  ];
  for (const [given, name] of meant) assert.equal(nearest(given, names), name, given);
});
