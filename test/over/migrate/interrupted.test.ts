import assert from "node:assert/strict";
import { test } from "vitest";
import { migrate, type MigrateOptions, type Store } from "../../../src/index.ts";
import { faulty, type Fault } from "../../../src/testing.ts";
import { utf8 } from "../../support/bytes.ts";
import { content, stores } from "./stores.ts";

test("a migration that fails anywhere is completed by another, without loss or duplicate", async () => {
  for (const remove of [false, true]) {
    for (const overwrite of [false, true]) {
      for (const where of ["from", "to"] as const) {
        for (const when of ["before", "after"] as const) {
          let failures = 0;
          for (let position = 0; ; position++) {
            const failure = new Error("disk");
            const failed = await failAt(where, position, { [when]: failure }, { remove, overwrite }, failure);
            if (!failed) break;
            failures++;
          }
          // The source is listed and read, the target written to, for each of the entries.
          assert.ok(failures >= 12, `${failures} positions`);
        }
      }
    }
  }
});

async function failAt(
  where: "from" | "to",
  position: number,
  fault: Fault,
  options: MigrateOptions,
  failure: Error,
): Promise<boolean> {
  const { clock, ...media } = stores();
  await media.from.setMany(
    Array.from({ length: 12 }, (_, index) => [`key ${index}`, utf8(`${index}`), { ttl: 1000 + index }]),
  );
  const before = await content(media.from);
  const all = { ...options, now: clock.now };
  let count = 0;
  const failing = {
    ...media,
    [where]: faulty(media[where], (call) => (call.count === position ? (count++, fault) : undefined)),
  };
  const first = await migrate(failing.from, failing.to, all).catch((error: unknown) => error);
  if (!count) return false;
  assert.equal(first, failure);
  // Every entry is in one store or in both, as it was.
  assert.deepEqual({ ...(await content(media.from)), ...(await content(media.to)) }, before);
  const { kept } = await migrate(media.from, media.to, all);
  assert.equal(kept, 0);
  assert.deepEqual(await content(media.to), before);
  assert.deepEqual(await content(media.from), options.remove ? {} : before);
  return true;
}

test("an abort at any call rejects with its reason, does nothing more, and another run completes", async () => {
  for (let position = 0; ; position++) {
    const { from, to } = stores();
    await from.setMany(Array.from({ length: 250 }, (_, index) => [`key ${index}`, utf8(`${index}`)]));
    const before = await content(from);
    const aborter = new AbortController();
    let calls = 0;
    const counted = (store: Store): Store =>
      faulty(store, () => {
        if (calls++ === position * 37) aborter.abort("enough");
        return undefined;
      });
    const { signal } = aborter;
    const result = await migrate(counted(from), counted(to), { signal, remove: true }).catch((error: unknown) => error);
    if (!signal.aborted) {
      assert.ok(position > 10);
      break;
    }
    assert.equal(result, "enough");
    const seen = calls;
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(calls, seen);
    await migrate(from, to, { remove: true });
    assert.deepEqual([await content(from), await content(to)], [{}, before]);
  }
});
