import assert from "node:assert/strict";
import { test } from "vitest";
import { withWorks } from "../../bench/withWorks.ts";

test("what is measured again takes the place of what was, and what is new comes last", () => {
  const work = (title: string, calls: number) => ({ title, calls, rows: [] });
  const kept = withWorks([work("set", 1), work("get", 1)], [work("update", 2), work("set", 2)]);
  assert.deepEqual(
    kept.map(({ title, calls }) => [title, calls]),
    [
      ["set", 2],
      ["get", 1],
      ["update", 2],
    ],
  );
});
