import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, vi } from "vitest";
import { utf8 } from "../../support/bytes.ts";
import { contents, fillMany, makeStore } from "../../support/fileStore.ts";
import { command, folder } from "../../support/world.ts";

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

test("a value that the target has stays, unless --overwrite is given", async () => {
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

/** The lines of an export of a thousand values. */
async function exportMany(): Promise<{ out: string; lines: string[] }> {
  const { out } = await command(["export", ...(await makeStore(fillMany)).args]);
  const lines = out.split("\n").slice(0, -1);
  assert.equal(lines.length, 1000 + 2 + 4);
  return { out, lines };
}

const nothing = "nothing was written, --skip-damaged takes what can be read\n";

test("of an export that was cut, damaged or changed nothing is written, from a file or a pipe, and it is counted", async () => {
  const { out, lines } = await exportMany();
  const wrong: [source: string, entries: number, message: string][] = [
    [`${lines.slice(0, 500).join("\n")}\n`, 497, "Cut export: expected an end after 497 entries"],
    [lines.map((line, at) => (at === 700 ? line.slice(0, -3) : line)).join("\n"), 696, "Damaged export: expected a line of JSON, whole in line 701"], // prettier-ignore
    [out.replace("value 7", "value 8"), 1000, "Damaged export: expected 1000 entries with the checksum of its end, got 1000 or another checksum"], // prettier-ignore
    [lines.filter((_, at) => at !== 10).join("\n"), 999, "Damaged export: expected 1000 entries with the checksum of its end, got 999 or another checksum"], // prettier-ignore
  ];
  const to = await makeStore((store) => store.set("own", utf8("v")));
  for (const [source, entries, message] of wrong) {
    writeFileSync(join(folder, "wrong.jsonl"), source);
    for (const [words, stdin] of [
      [[], [source]],
      [["wrong.jsonl"], []],
    ] as const) {
      const { code, out, err } = await command(["import", ...words, "--overwrite", ...to.args], { stdin });
      const counts = `${entries} entries, 0 copied, 0 present, 0 kept, 0 expired, 0 damaged, 0 bytes\n`;
      assert.deepEqual([code, out, err], [3, counts, `${message}: ${nothing}`]);
      assert.deepEqual(Object.keys(await contents(to)), ["own"]);
    }
    const { code, err } = await command(["import", "--check"], { stdin: [source] });
    assert.deepEqual([code, err], [3, `${message}\n`]);
  }
  const checked = await command(["import", "--check"], { stdin: [out] });
  assert.deepEqual([checked.code, checked.out], [0, "1000 entries, 0 expired, 0 damaged, 8890 bytes\n"]);
});

test("what can be read of an export is written by --skip-damaged, and what was wrong with it is reported", async () => {
  const { out, lines } = await exportMany();
  const skip = async (source: string): Promise<{ code: number; err: string; there: number; counts: any }> => {
    const to = await makeStore();
    const { code, out, err } = await command(["import", "--skip-damaged", "--json", ...to.args], { stdin: [source] });
    return { code, err, there: Object.keys(await contents(to)).length, counts: JSON.parse(out) };
  };
  const torn = await skip(lines.map((line, at) => (at === 700 ? line.slice(0, -3) : line)).join("\n"));
  assert.deepEqual(
    [torn.code, torn.err],
    [0, "Damaged export: expected a line of JSON, whole in line 701: left out\n"],
  );
  assert.deepEqual([torn.there, torn.counts.copied, torn.counts.damaged], [999, 999, 1]);
  const cut = await skip(`${lines.slice(0, 500).join("\n")}\n`);
  assert.deepEqual([cut.code, cut.there, cut.counts.copied], [3, 497, 497]);
  assert.match(JSON.parse(cut.err).error.message, /^Cut export: expected an end after 497 entries$/);
  const changed = await skip(out.replace("value 7", "value 8"));
  assert.deepEqual([changed.code, changed.there, changed.counts.copied], [3, 1000, 1000]);
});

test("the count is reported when the store fails in the middle", async () => {
  const { out } = await exportMany();
  writeFileSync(
    join(folder, "full.mjs"),
    `let room = 150;
     export const name = "full";
     export const factory = {
       valid: (given) => given,
       build: () => ({ async setIfAbsent() { if (!room) throw new Error("no room"); room--; return true; }, close: async () => {} }),
     };`,
  );
  writeFileSync(join(folder, "full.yaml"), "backends: [./full.mjs]\nstore: { backend: full }\n");
  const failed = await command(["import", "--json", "--config", "full.yaml"], { stdin: [out] });
  assert.equal(failed.code, 3);
  const { copied, entries } = JSON.parse(failed.out);
  assert.deepEqual([copied, entries], [150, 200]);
  assert.deepEqual(JSON.parse(failed.err), { error: { code: "failed", message: "no room" } });
});

test("what comes in is kept beyond 16 MiB in a file that no name leads to, and that is gone at the end", async (t) => {
  const from = await makeStore(async (store) => {
    for (let at = 0; at < 20; at++) await store.set(`key ${at}`, new Uint8Array(1 << 20).fill(at * 11));
  });
  const { bytes } = await command(["export", ...from.args]);
  assert.ok(bytes.length > 20 << 20);
  const temporary = join(folder, "temporary");
  vi.stubEnv("TMPDIR", temporary);
  t.onTestFinished(() => void vi.unstubAllEnvs());
  const to = await makeStore();
  const chunks = Array.from({ length: 100 }, (_, at) => bytes.subarray((at * bytes.length) / 100, ((at + 1) * bytes.length) / 100)); // prettier-ignore
  const homeless = await command(["import", ...to.args], { stdin: chunks });
  assert.equal(homeless.code, 3);
  assert.match(
    homeless.err,
    /^Cannot keep what comes in: expected room for it in ".*temporary" \(TMPDIR\), got no such file/,
  );
  mkdirSync(temporary);
  const seen: string[][] = [];
  const look = (): void => void seen.push(readdirSync(temporary));
  const { code, err } = await command(["import", ...to.args], { stdin: chunks, isWatched: true, report: look });
  assert.deepEqual([code, err], [0, ""]);
  assert.ok(seen.length > 1);
  if (process.platform !== "win32") assert.deepEqual(seen.flat(), []);
  assert.deepEqual(readdirSync(temporary), []);
  assert.deepEqual(await contents(to), await contents(from));
});

test("what is no file to be read twice is read as it comes: a pipe by its name, but no folder", async () => {
  const { out } = await exportMany();
  const to = await makeStore();
  const folderGiven = await command(["import", folder, ...to.args]);
  assert.deepEqual([folderGiven.code, folderGiven.out], [3, ""]);
  assert.match(folderGiven.err, /^Cannot import ".*": expected a file\n$/);
  if (process.platform === "win32") return;
  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  const [done] = await Promise.all([command(["import", "--json", pipe, ...to.args]), writeFile(pipe, out)]);
  assert.deepEqual([done.code, JSON.parse(done.out).copied], [0, 1000]);
});

test("an import that is interrupted says so, and goes on when it is run again", async () => {
  const { out } = await exportMany();
  const to = await makeStore();
  const interrupt = new AbortController();
  // Nothing comes any more: it does not wait for that.
  async function* input(): AsyncGenerator<Uint8Array> {
    yield Buffer.from(out).subarray(0, out.length / 2);
    interrupt.abort();
    await new Promise(() => {});
  }
  const early = await command(["import", ...to.args], { input, interrupt: interrupt.signal });
  assert.deepEqual([early.code, early.err], [130, "Interrupted before anything was written\n"]);
  assert.match(early.out, /^\d+ entries, 0 copied, /);
  assert.deepEqual(await contents(to), {});

  let err = "";
  const later = new AbortController();
  const report = (message: string): void => {
    err += message;
    if (message.includes("Imported")) later.abort();
  };
  const stopped = await command(["import", ...to.args], {
    stdin: [out],
    isWatched: true,
    report,
    interrupt: later.signal,
  });
  assert.equal(stopped.code, 130);
  assert.match(err, /Interrupted after \d+ entries, \d+ bytes written: run it again to go on\n$/);
  const before = Object.keys(await contents(to)).length;
  assert.ok(before > 0 && before < 1000);
  assert.match(stopped.out, new RegExp(`^\\d+ entries, ${before} copied, `));
  const { copied, present } = JSON.parse((await command(["import", "--resume", "--json", ...to.args], { stdin: [out] })).out); // prettier-ignore
  assert.deepEqual([copied, present], [1000 - before, before]);
  assert.equal(Object.keys(await contents(to)).length, 1000);
});
