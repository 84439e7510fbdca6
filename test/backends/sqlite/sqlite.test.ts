import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "vitest";
import { sqlite, sqliteFactory } from "../../../src/backends/sqlite.ts";
import { isStoreError } from "../../../src/core/error.ts";
import { cases, casesFor, prove, type Feature, type Subject } from "../../../src/testing.ts";
import { folder, fresh } from "../../support/sqliteFiles.ts";

const whole: readonly Feature[] = ["atomic", "transact", "list", "sweep", "watch", "bytes"];
// SQLite as it comes is a subject of test/cases. These are its relatives.
const subjects: readonly Subject<Uint8Array>[] = [
  {
    name: "strict sqlite",
    can: [...whole, "shared", "persistent"],
    rounds: 200,
    open: (medium, options) => sqlite({ ...options, path: join(folder, `${medium}.db`), durability: "strict" }),
  },
  {
    name: "sqlite in memory, with a history",
    can: whole,
    open: (_, options) => sqlite({ ...options, path: ":memory:", history: true }),
  },
];
for (const subject of subjects) {
  for (const each of casesFor(cases, subject)) test(`${subject.name}: ${each.name}`, () => prove(each, subject));
}

test("a configuration is checked without a file, and every problem is reported", () => {
  const path = fresh();
  assert.deepEqual(sqliteFactory.valid({ path, durability: "strict" }), { path, durability: "strict" });
  const bad = { path: "", durability: "none", maxBytes: 0, file: "x" };
  assert.throws(
    () => sqliteFactory.valid(bad),
    (error) => {
      assert.ok(isStoreError(error, "bad-config"));
      for (const name of Object.keys(bad)) assert.ok(error.message.includes(`"${name}"`), error.message);
      return true;
    },
  );
  for (const parameters of [undefined, {}, { path: "a\0b" }, { path: 5 }]) {
    assert.throws(() => sqliteFactory.valid(parameters), { code: "bad-config" });
  }
  assert.deepEqual(existsSync(path), false);
});
