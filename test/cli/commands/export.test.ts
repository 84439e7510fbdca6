import assert from "node:assert/strict";
import { test, vi } from "vitest";
import { utf8 } from "../../support/bytes.ts";
import { contents, fillMany, makeStore } from "../../support/fileStore.ts";
import { command } from "../../support/world.ts";

test("what is exported is imported as it was, bytes and deadlines", async () => {
  // Both read the same clock, one after the other: it stands still, so that every deadline has to be the same.
  const time = Date.now();
  vi.spyOn(Date, "now").mockReturnValue(time);
  const from = await makeStore(async (store) => {
    await fillMany(store);
    await store.set("\u0000/../é", new Uint8Array(256).map((_, at) => at)); // prettier-ignore
    await store.set("empty", new Uint8Array(), { ttl: 60_000 });
    await store.set("__proto__", utf8("\ufeffa\n\u2028b"));
  });
  const exported = await command(["export", ...from.args]);
  assert.deepEqual([exported.code, exported.err], [0, ""]);
  const to = await makeStore();
  const imported = await command(["import", "--json", ...to.args], { stdin: [exported.bytes] });
  assert.deepEqual([imported.code, imported.err], [0, ""]);
  const { bytes: size, ...counts } = JSON.parse(imported.out);
  assert.deepEqual(counts, { entries: 1003, copied: 1003, present: 0, kept: 0, expired: 0, damaged: 0 });
  assert.ok(size > 256);
  // Every deadline is an instant, that took no time to travel.
  const [before, after] = [await contents(from), await contents(to)];
  assert.deepEqual(Object.keys(after), Object.keys(before));
  for (const [key, [value, expiresAt]] of Object.entries(before)) {
    assert.equal(after[key]![0], value);
    assert.equal(after[key]![1], expiresAt, key);
  }
});

test("only what begins with a prefix is exported", async () => {
  const from = await makeStore(async (store) => {
    await store.set("a/1", utf8("v"));
    await store.set("b/1", utf8("v"));
  });
  const { out } = await command(["export", "--prefix", "a/", ...from.args]);
  assert.match(out, /"prefix":"a\/"[^]*"a\/1"/);
  assert.ok(!out.includes("b/1"));
});

test("progress is shown on a terminal, and to nobody else", async () => {
  const from = await makeStore(fillMany);
  let time = 0;
  const { err, out } = await command(["export", ...from.args], { isWatched: true, now: () => (time += 150) });
  assert.match(err, /\rExported 100 entries, 0\.0 MB\r/);
  assert.match(err, /\r *\rExported: 1000 entries\n$/);
  const to = await makeStore();
  const imported = await command(["import", ...to.args], { stdin: [out], isWatched: true });
  assert.match(imported.err, /\rImported \d+ entries/);
});

test("what is wrong with a file is reported by the name that was given", async () => {
  const { args } = await makeStore();
  const reason = "no such file or directory\n";
  const none = await command(["export", "--output", "none/x.jsonl", ...args]);
  assert.deepEqual([none.code, none.err], [3, `Cannot export to "none/x.jsonl": ${reason}`]);
  assert.equal((await command(["import", "none.jsonl", ...args])).err, `Cannot import "none.jsonl": ${reason}`);
  const set = await command(["set", "a", "--file", "none.txt", ...args]);
  assert.equal(set.err, `Cannot read the value from "none.txt": ${reason}`);
});
