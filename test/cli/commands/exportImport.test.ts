import assert from "node:assert/strict";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test, vi } from "vitest";
import { sqlite } from "../../../src/backends/sqlite.ts";
import type { Store } from "../../../src/core/contract.ts";
import { command, folder } from "../../support/world.ts";

let files = 0;

interface Own {
  readonly path: string;
  readonly args: string[];
}

/** A store of its own, filled. */
async function make(fill: (store: Store) => Promise<unknown> = async () => {}): Promise<Own> {
  const path = join(folder, `store-${++files}.db`);
  const store = sqlite({ path });
  await fill(store);
  await store.close();
  return { path, args: ["--store", JSON.stringify({ backend: "sqlite", parameters: { path } })] };
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** All that a store has. */
async function contents({ path }: Own): Promise<Record<string, [value: string, expiresAt: number]>> {
  const store = sqlite({ path });
  const all: Record<string, [string, number]> = {};
  for await (const key of store.keys()) {
    const { value, expiresAt } = (await store.entry(key))!;
    all[key] = [Buffer.from(value).toString("latin1"), expiresAt];
  }
  await store.close();
  return all;
}

const fillMany = (store: Store): Promise<void> =>
  store.setMany(Array.from({ length: 1000 }, (_, at) => [`key ${at}`, bytes(`value ${at}`), { ttl: 3_600_000 + at }]));

test("what is exported is imported as it was, bytes and deadlines", async () => {
  // Both read the same clock, one after the other: it stands still, so that every deadline has to be the same.
  const time = Date.now();
  vi.spyOn(Date, "now").mockReturnValue(time);
  const from = await make(async (store) => {
    await fillMany(store);
    await store.set("\u0000/../é", new Uint8Array(256).map((_, at) => at)); // prettier-ignore
    await store.set("empty", new Uint8Array(), { ttl: 60_000 });
    await store.set("__proto__", bytes("\ufeffa\n\u2028b"));
  });
  const exported = await command(["export", ...from.args]);
  assert.deepEqual([exported.code, exported.err], [0, ""]);
  const to = await make();
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

test("time between export and import counts: what has expired since is left out", async () => {
  const from = await make(async (store) => {
    await store.set("short", bytes("v"), { ttl: 60_000 });
    await store.set("long", bytes("v"), { ttl: 3_600_000 });
  });
  const { bytes: exported } = await command(["export", ...from.args]);
  const to = await make();
  const now = (): number => Date.now() + 120_000;
  const { out } = await command(["import", "--json", ...to.args], { stdin: [exported], now });
  assert.deepEqual(JSON.parse(out), { entries: 2, copied: 1, present: 0, kept: 0, expired: 1, damaged: 0, bytes: 1 });
  // What it has left by the importing clock: two minutes less.
  const { long } = await contents(to);
  assert.ok(Math.abs(long![1] - (Date.now() + 3_480_000)) < 10_000);
});

test("a value that the target has stays, unless it is told otherwise", async () => {
  const from = await make(async (store) => {
    await store.set("same", bytes("v"));
    await store.set("other", bytes("old"));
  });
  const { bytes: exported } = await command(["export", ...from.args]);
  const to = await make(async (store) => {
    await store.set("same", bytes("v"));
    await store.set("other", bytes("newer"));
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
  const from = await make(fillMany);
  const { out } = await command(["export", ...from.args]);
  const lines = out.split("\n").slice(0, -1);
  assert.equal(lines.length, 1000 + 2 + 4);

  const cut = await make();
  const half = `${lines.slice(0, 500).join("\n")}\n`;
  const result = await command(["import", ...cut.args], { stdin: [half] });
  assert.deepEqual([result.code, result.out], [3, ""]);
  assert.match(result.err, /^Cut export: expected an end after 497 entries\n$/);
  assert.equal(Object.keys(await contents(cut)).length, 497);

  const torn = await make();
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

test("an export goes on where its file was cut, wherever that is", async () => {
  const from = await make(fillMany);
  const whole = (await command(["export", ...from.args])).bytes;
  const path = join(folder, "cut.jsonl");
  const resume = (...more: string[]): ReturnType<typeof command> =>
    command(["export", "--output", path, "--resume", "--json", ...from.args, ...more]);
  const marks = [...whole.toString().matchAll(/\{"cursor":[^\n]*\n/g)].map(({ index, 0: { length } }) => index + length); // prettier-ignore
  assert.equal(marks.length, 4);
  const cuts = [0, 10, 46, 47, 100, marks[0]! - 1, marks[0]!, marks[0]! + 5, marks[3]! + 100, whole.length - 20, whole.length]; // prettier-ignore
  for (const size of cuts) {
    writeFileSync(path, whole.subarray(0, size));
    const { code, out, err } = await resume();
    assert.deepEqual([code, out, err], [0, '{"entries":1000}\n', ""], `cut at ${size}`);
    assert.ok(readFileSync(path).equals(whole), `cut at ${size}`);
  }
  // What is damaged is written anew from the last mark before it.
  const damaged = Buffer.from(whole);
  damaged.fill(0x58, marks[1]! + 10, marks[1]! + 20);
  writeFileSync(path, damaged);
  assert.equal((await resume()).code, 0);
  assert.ok(readFileSync(path).equals(whole));
});

test("a file is made for its owner, and none is replaced unasked", async () => {
  const from = await make((store) => store.set("a", bytes("v")));
  const path = join(folder, "out.jsonl");
  assert.equal((await command(["export", "--output", "out.jsonl", "--resume", ...from.args])).code, 0);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const before = readFileSync(path, "utf8");
  const again = await command(["export", "--output", "out.jsonl", ...from.args]);
  assert.equal(again.code, 2);
  assert.match(again.err, /^Cannot export to "out\.jsonl": expected a new file, --resume to go on with it, or --overwrite\n$/); // prettier-ignore
  // Of another prefix, of something else altogether.
  const other = await command(["export", "--output", path, "--resume", "--prefix", "a", ...from.args]);
  assert.match(other.err, /^Cannot resume .*: expected --prefix "", got "a"\n$/);
  assert.equal(readFileSync(path, "utf8"), before);
  truncateSync(path);
  appendFileSync(path, "my diary");
  assert.equal((await command(["export", "--output", path, "--resume", ...from.args])).code, 3);
  assert.equal(readFileSync(path, "utf8"), "my diary");
  assert.equal((await command(["export", "--output", path, "--overwrite", ...from.args])).code, 0);
  assert.equal(readFileSync(path, "utf8"), before);
});

test("only what begins with a prefix is exported", async () => {
  const from = await make(async (store) => {
    await store.set("a/1", bytes("v"));
    await store.set("b/1", bytes("v"));
  });
  const { out } = await command(["export", "--prefix", "a/", ...from.args]);
  assert.match(out, /"prefix":"a\/"[^]*"a\/1"/);
  assert.ok(!out.includes("b/1"));
});

/** The options of a store that fails after its first page. */
function failing(): string[] {
  writeFileSync(
    join(folder, "failing.mjs"),
    `export const name = "failing";
     export const factory = {
       valid: (given) => given,
       build: () => ({
         list: async ({ cursor }) => {
           if (cursor) throw new Error("lost");
           return { entries: [{ key: "a" }], cursor: "1" };
         },
         entry: async () => ({ value: new Uint8Array([97]), expiresAt: Infinity }),
         close: async () => {},
       }),
     };`,
  );
  writeFileSync(join(folder, "failing.yaml"), "backends: [./failing.mjs]\nstore: { backend: failing }\n");
  return ["--config", "failing.yaml"];
}

test("an export that fails midway leaves no file behind that looks whole", async () => {
  const path = join(folder, "midway.jsonl");
  const exported = await command(["export", "--output", path, ...failing()]);
  assert.deepEqual([exported.code, exported.err], [3, "lost\n"]);
  const { code, err } = await command(["import", path, "--check"]);
  assert.equal(code, 3);
  assert.match(err, /^Cut export: expected an end after 1 entr/);
});

test("an older export is replaced by a whole one, where it lies, or stays as it was", async () => {
  const from = await make((store) => store.set("a", bytes("v")));
  const other = await make((store) => store.set("b", bytes("v")));
  const own = join(folder, "own");
  mkdirSync(own);
  const path = join(own, "kept.jsonl");
  const link = join(folder, "link.jsonl");
  symlinkSync(path, link);
  assert.equal((await command(["export", "--output", path, ...from.args])).code, 0);
  chmodSync(path, 0o640);
  const kept = readFileSync(path, "utf8");
  const failed = await command(["export", "--output", link, "--overwrite", ...failing()]);
  assert.deepEqual([failed.code, failed.err], [3, "lost\n"]);
  assert.equal(readFileSync(path, "utf8"), kept);
  assert.deepEqual(readdirSync(own), ["kept.jsonl"]);
  assert.equal((await command(["export", "--output", link, "--overwrite", ...other.args])).code, 0);
  assert.match(readFileSync(path, "utf8"), /"b"/);
  assert.ok(lstatSync(link).isSymbolicLink());
  assert.equal(statSync(path).mode & 0o777, 0o640);
  assert.deepEqual(readdirSync(own), ["kept.jsonl"]);
  // What the link leads to is gone.
  rmSync(path);
  assert.equal((await command(["export", "--output", link, "--overwrite", ...other.args])).code, 0);
  assert.match(readFileSync(path, "utf8"), /"b"/);
  const { code, err } = await command(["export", "--output", own, "--overwrite", ...from.args]);
  assert.deepEqual([code, err], [2, `Cannot export to ${JSON.stringify(own)}: expected a file\n`]);
});

test("progress is shown on a terminal, and to nobody else", async () => {
  const from = await make(fillMany);
  let time = 0;
  const { err, out } = await command(["export", ...from.args], { isWatched: true, now: () => (time += 150) });
  assert.match(err, /\rExported 100 entries, 0\.0 MB\r/);
  assert.match(err, /\r *\rExported: 1000 entries\n$/);
  const to = await make();
  const imported = await command(["import", ...to.args], { stdin: [out], isWatched: true });
  assert.match(imported.err, /\rImported \d+ entries/);
});

test("an import that is interrupted says so, and goes on when it is run again", async () => {
  const from = await make(fillMany);
  const { out } = await command(["export", ...from.args]);
  const to = await make();
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

test("an older export outlives an export of a store that cannot be read", async () => {
  const path = join(folder, "kept.jsonl");
  const from = await make(fillMany);
  assert.equal((await command(["export", "--output", path, ...from.args])).code, 0);
  const kept = readFileSync(path, "utf8");
  // Nobody listens there.
  const unreachable = ["--url", "http://127.0.0.1:1/"];
  const { code, out, err } = await command(["export", "--output", path, "--overwrite", ...unreachable]);
  assert.deepEqual([code, out], [3, ""]);
  assert.match(err, /is unavailable/);
  assert.equal(readFileSync(path, "utf8"), kept);
  // Nor is anything begun, in a file or at the output.
  const fresh = join(folder, "fresh.jsonl");
  assert.equal((await command(["export", "--output", fresh, ...unreachable])).code, 3);
  assert.ok(!existsSync(fresh));
  assert.equal((await command(["export", ...unreachable])).out, "");
});

test("what is wrong with a file is told by the name that was given", async () => {
  const { args } = await make();
  const reason = "no such file or directory\n";
  const none = await command(["export", "--output", "none/x.jsonl", ...args]);
  assert.deepEqual([none.code, none.err], [3, `Cannot export to "none/x.jsonl": ${reason}`]);
  assert.equal((await command(["import", "none.jsonl", ...args])).err, `Cannot import "none.jsonl": ${reason}`);
  const set = await command(["set", "a", "--file", "none.txt", ...args]);
  assert.equal(set.err, `Cannot read the value from "none.txt": ${reason}`);
});
