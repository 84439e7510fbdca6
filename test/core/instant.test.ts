import assert from "node:assert/strict";
import { test } from "vitest";
import * as fc from "fast-check";
import { isInstant } from "../../src/core/instant.ts";
import { fuzz } from "../support/fuzz.ts";

test("a time is one of the calendar", () => {
  const right = ["2030-01-31T00:00:00Z", "2028-02-29T23:59:59.999Z", "2000-02-29T00:00Z", "2030-12-31T12:30+23:59", "0000-02-29T00:00Z"]; // prettier-ignore
  for (const each of right) assert.ok(isInstant(each), each);
  const days = ["2030-02-31", "2030-02-29", "2100-02-29", "1900-02-29", "2030-04-31", "2030-00-10", "2030-13-10", "2030-01-00", "2030-01-32"]; // prettier-ignore
  const times = ["24:00:00Z", "25:00Z", "12:60Z", "12:00:60Z", "12:00", "12:00+24:00", "12:00+12:60", "12Z", "12:00:00,5Z"]; // prettier-ignore
  for (const each of [...days.map((day) => `${day}T00:00:00Z`), ...times.map((time) => `2030-01-31T${time}`)])
    assert.ok(!isInstant(each), each);
  for (const each of [
    undefined,
    null,
    7,
    [],
    {},
    ["2030-01-31T00:00:00Z"],
    new Date(),
    "",
    "2030-01-31",
    "+275760-09-13T00:00:00Z",
  ])
    assert.ok(!isInstant(each), String(each));
});

fuzz(
  "every day that there is is one, and no other",
  fc.tuple(fc.integer({ min: 0, max: 9999 }), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 31 })),
  ([year, month, day]) => {
    const pad = (number: number, length: number): string => String(number).padStart(length, "0");
    const date = new Date(0);
    date.setUTCFullYear(year, month - 1, day);
    const isReal = date.getUTCMonth() === month - 1;
    assert.equal(isInstant(`${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}T00:00:00Z`), isReal);
  },
);
