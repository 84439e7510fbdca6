import assert from "node:assert/strict";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  linkSync,
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
import { test } from "vitest";
import { sqlite } from "../../../src/backends/sqlite.ts";
import { utf8 } from "../../support/bytes.ts";
import { contents, fillMany, makeStore } from "../../support/fileStore.ts";
import { command, folder, storeIn } from "../../support/world.ts";

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

test("an export goes on where its file was cut, wherever that is", async () => {
  const from = await makeStore(fillMany);
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
  const from = await makeStore((store) => store.set("a", utf8("v")));
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

test("an export that fails midway leaves no file behind that looks whole", async () => {
  const path = join(folder, "midway.jsonl");
  const exported = await command(["export", "--output", path, ...failing()]);
  assert.deepEqual([exported.code, exported.err], [3, "lost\n"]);
  const { code, err } = await command(["import", path, "--check"]);
  assert.equal(code, 3);
  assert.match(err, /^Cut export: expected an end after 1 entr/);
});

test("an older export is replaced by a whole one, where it lies, or stays as it was", async () => {
  const from = await makeStore((store) => store.set("a", utf8("v")));
  const other = await makeStore((store) => store.set("b", utf8("v")));
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

test("an older export outlives an export of a store that cannot be read", async () => {
  const path = join(folder, "kept.jsonl");
  const from = await makeStore(fillMany);
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

test("no export takes the place of what a store stands on, whatever its name", async () => {
  const home = join(folder, "guarded");
  mkdirSync(join(home, "files"), { recursive: true });
  const path = join(home, "s.db");
  const args = storeIn(path);
  await command(["set", "a", "precious", ...args]);
  symlinkSync(path, join(home, "link.db"));
  linkSync(path, join(home, "hard.db"));
  writeFileSync(join(home, "s.yaml"), "store: { backend: sqlite, parameters: { path: s.db } }\n");
  const other = await makeStore((store) => store.set("b", utf8("v")));
  // While it is open there are all its files.
  const open = sqlite({ path });
  await open.set("c", utf8("in the journal"));
  const refused = async (name: string, source: readonly string[]): Promise<void> => {
    for (const flag of ["--overwrite", "--resume", undefined]) {
      const { code, err } = await command(["export", "--output", name, ...(flag ? [flag] : []), ...source]);
      assert.equal(code, 2, `${name} ${flag}`);
      assert.match(err, /^Cannot export to ".*": expected a file of its own, got one that a store stands on\n$/, name);
    }
  };
  const names = ["s.db", "s.db-wal", "s.db-shm", "s.db-journal", "s.db-requests", "s.db-requests-wal", "link.db", "hard.db", "./files/../s.db"]; // prettier-ignore
  for (const name of names) await refused(join(home, name), args);
  for (const name of ["s.db", "s.db-wal", "s.yaml"]) await refused(join(home, name), ["--config", "guarded/s.yaml"]);
  // Of a store that the command is not about, such as one that is served.
  for (const name of ["s.db", "link.db", "hard.db", "s.db-wal", "s.db-shm", "s.db-requests"])
    await refused(join(home, name), other.args);
  await open.close();
  assert.deepEqual(Object.keys(await contents({ path, args })), ["a", "c"]);

  // A backend of one's own says which files are its own, a folder with all that is in it.
  writeFileSync(join(home, "own.mjs"), ownBackend);
  writeFileSync(
    join(home, "own.yaml"),
    "backends: [./own.mjs]\nstore: { backend: own, parameters: { path: files } }\n",
  );
  for (const name of ["files", "files/new", "own.yaml"])
    await refused(join(home, name), ["--config", "guarded/own.yaml"]);
  const beside = ["export", "--output", join(home, "files.jsonl"), "--config", "guarded/own.yaml"];
  assert.deepEqual(await command(beside).then(({ code, err }) => [code, err]), [0, ""]);
});

const ownBackend = `export const name = "own";
export const factory = {
  valid: (given) => given,
  locate: (given, resolve) => ({ path: resolve(given.path) }),
  build: () => ({ list: async () => ({ entries: [] }), close: async () => {} }),
};`;
