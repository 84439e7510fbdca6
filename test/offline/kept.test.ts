import assert from "node:assert/strict";
import { test } from "vitest";
import { isStoreError, memory, StoreError, type Store } from "../../src/index.ts";
import { findMoot, readConflicts, writeConflict, type Conflict } from "../../src/offline/kept.ts";
import { utf8 } from "../support/bytes.ts";

async function keep(local: Store, conflicts: readonly Conflict[]): Promise<void> {
  await local.setMany(
    conflicts.map((conflict) => {
      const { value, expiresAt } = writeConflict(conflict);
      return [`x${conflict.id}`, value, { expiresAt }] as const;
    }),
  );
}

const conflict = (at: number, mine = utf8("mine")): Conflict => ({ id: `id${at}`, key: "k", kind: "lost", at, mine });

test("a conflict is read as it was kept, for 30 days", async () => {
  let time = Date.now();
  const local = memory({ now: () => time });
  const error = new StoreError("invalid-argument", "Cannot take this: expected less", { key: "k" });
  const whole: Conflict = { id: "b", key: "k", kind: "refused", at: time, mine: utf8("m"), theirs: utf8(""), base: utf8("b"), error }; // prettier-ignore
  await keep(local, [whole, { id: "a", key: "l", kind: "uncertain", at: time - 1 }]);
  const [first, second] = await readConflicts(local);
  assert.deepEqual([first!.id, first!.mine, first!.theirs, first!.error], ["a", undefined, undefined, undefined]);
  assert.deepEqual([second!.kind, second!.key, second!.at], ["refused", "k", time]);
  assert.deepEqual([second!.mine, second!.theirs, second!.base], [utf8("m"), utf8(""), utf8("b")]);
  assert.ok(isStoreError(second?.error, "invalid-argument"));
  assert.equal(second.error.message, error.message);
  time += 30 * 86_400_000;
  assert.deepEqual(await readConflicts(local), []);
});

test("of more than 1,000 conflicts those that were found out first are moot", async () => {
  const local = memory();
  const now = Date.now();
  await keep(local, Array.from({ length: 1002 }, (_, index) => conflict(now + index))); // prettier-ignore
  assert.deepEqual([...(await findMoot(local))].sort(), [`id${now}`, `id${now + 1}`]);
});

test("of more than 4 MiB of conflicts those that were found out first are moot, and the last one never is", async () => {
  const local = memory();
  const now = Date.now();
  await keep(local, [conflict(now), conflict(now + 1, new Uint8Array(3_000_000)), conflict(now + 2, new Uint8Array(2_000_000))]); // prettier-ignore
  assert.deepEqual([...(await findMoot(local))].sort(), [`id${now}`, `id${now + 1}`]);
  await keep(local, [conflict(now + 3, new Uint8Array(5_000_000))]);
  assert.ok(!(await findMoot(local)).includes(`id${now + 3}`));
});
