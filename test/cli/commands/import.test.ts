import assert from "node:assert/strict";
import { test, vi } from "vitest";
import { utf8 } from "../../support/bytes.ts";
import { contents, fillMany, makeStore } from "../../support/fileStore.ts";
import { command } from "../../support/world.ts";

test("time between export and import counts: what has expired since is left out", async () => {
  const time = Date.now();
  vi.spyOn(Date, "now").mockReturnValue(time);
  const from = await makeStore(async (store) => {
    await store.set("short", utf8("v"), { ttl: 60_000 });
    await store.set("long", utf8("v"), { ttl: 3_600_000 });
  });
  const { bytes: exported } = await command(["export", ...from.args]);
  const to = await makeStore();
  const now = (): number => time + 120_000;
  const { out } = await command(["import", "--json", ...to.args], { stdin: [exported], now });
  assert.deepEqual(JSON.parse(out), { entries: 2, copied: 1, present: 0, kept: 0, expired: 1, damaged: 0, bytes: 1 });
  // What it has left by the importing clock: two minutes less.
  const { long } = await contents(to);
  assert.equal(long![1], time + 3_480_000);
});

test("a value that the target has stays, unless it is told otherwise", async () => {
  const from = await makeStore(async (store) => {
    await store.set("same", utf8("v"));
    await store.set("other", utf8("old"));
  });
  const { bytes: exported } = await command(["export", ...from.args]);
  const to = await makeStore(async (store) => {
    await store.set("same", utf8("v"));
    await store.set("other", utf8("newer"));
  });
  for (const flags of [[], ["--resume"]]) {
    const { out } = await command(["import", ...flags, ...to.args], { stdin: [exported] });
    assert.equal(out, "2 entries, 0 copied, 1 present, 1 kept, 0 expired, 0 damaged, 0 bytes\n");
    assert.equal((await contents(to)).other![0], "newer");
  }
  await command(["import", "--overwrite", ...to.args], { stdin: [exported] });
  assert.equal((await contents(to)).other![0], "old");
});

test("an export that was cut or damaged is told, and what came before is there", async () => {
  const from = await makeStore(fillMany);
  const { out } = await command(["export", ...from.args]);
  const lines = out.split("\n").slice(0, -1);
  assert.equal(lines.length, 1000 + 2 + 4);

  const cut = await makeStore();
  const half = `${lines.slice(0, 500).join("\n")}\n`;
  const result = await command(["import", ...cut.args], { stdin: [half] });
  assert.deepEqual([result.code, result.out], [3, ""]);
  assert.match(result.err, /^Cut export: expected an end after 497 entries\n$/);
  assert.equal(Object.keys(await contents(cut)).length, 497);

  const torn = await makeStore();
  const broken = lines.map((line, at) => (at === 700 ? line.slice(0, -3) : line)).join("\n");
  const stopped = await command(["import", ...torn.args], { stdin: [broken] });
  assert.deepEqual([stopped.code, stopped.err], [3, "Damaged export: expected a line of JSON, whole in line 701\n"]);
  assert.equal(Object.keys(await contents(torn)).length, 696);
  const skipped = await command(["import", "--skip-damaged", "--json", ...torn.args], { stdin: [broken] });
  assert.equal(skipped.err, "Damaged export: expected a line of JSON, whole in line 701: left out\n");
  assert.equal(skipped.code, 0);
  const { copied, present, damaged } = JSON.parse(skipped.out);
  assert.deepEqual({ copied, present, damaged }, { copied: 303, present: 696, damaged: 1 });

  const other = out.replace("value 7", "value 8");
  for (const source of [other, lines.filter((_, at) => at !== 10).join("\n")]) {
    const { code, err } = await command(["import", "--check"], { stdin: [source] });
    assert.equal(code, 3);
    assert.match(err, /^Damaged export: expected 1000 entries with the checksum of its end, got (1000|999)/);
  }
  const checked = await command(["import", "--check"], { stdin: [out] });
  assert.deepEqual([checked.code, checked.out], [0, "1000 entries, 0 expired, 0 damaged, 8890 bytes\n"]);
});

test("an import that is interrupted says so, and goes on when it is run again", async () => {
  const from = await makeStore(fillMany);
  const { out } = await command(["export", ...from.args]);
  const to = await makeStore();
  const interrupt = new AbortController();
  async function* input(): AsyncGenerator<Uint8Array> {
    const text = Buffer.from(out);
    yield text.subarray(0, text.length / 2);
    interrupt.abort();
    yield text.subarray(text.length / 2);
  }
  const stopped = await command(["import", ...to.args], { input, interrupt: interrupt.signal });
  assert.equal(stopped.code, 130);
  assert.match(stopped.err, /^Interrupted after \d+ entries, \d+ bytes written: run it again to go on\n$/);
  const before = Object.keys(await contents(to)).length;
  assert.ok(before > 0 && before < 1000);
  const { copied, present } = JSON.parse((await command(["import", "--resume", "--json", ...to.args], { stdin: [out] })).out); // prettier-ignore
  assert.deepEqual([copied, present], [1000 - before, before]);
  assert.deepEqual(Object.keys(await contents(to)), Object.keys(await contents(from)));
});
