import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { test } from "vitest";
import { text, utf8 } from "../../support/bytes.ts";
import { refused } from "../../support/refused.ts";
import { count, folder, fresh, tamper, using } from "../../support/sqliteFiles.ts";

test("a file is made by the first call, and a close leaves nothing beside it", async () => {
  const path = fresh();
  await using({ path }, async (store) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(existsSync(path), false);
    const watch = store.watch();
    await store.set("key", utf8("x"));
    await watch.next();
    assert.equal(existsSync(path), true);
  });
  const left = readdirSync(folder).filter((name) => name.startsWith(basename(path)));
  assert.deepEqual(left, [basename(path)]);
  assert.deepEqual([count(path, "entries"), count(path, "watchers"), count(path, "changes")], [1, 0, 0]);
});

test("a path is the name of a file, whatever it looks like", async () => {
  const name = "file:odd?mode=memory&cache=shared";
  const before = process.cwd();
  process.chdir(folder);
  try {
    await using({ path: name }, async (store) => {
      await store.set("key", utf8("x"));
      assert.equal(store.isPersistent(), true);
    });
    assert.ok(existsSync(join(folder, name)));
  } finally {
    process.chdir(before);
  }
});

test("a relative path counts from where the process was when the store was made", async () => {
  const before = process.cwd();
  mkdirSync(join(folder, "elsewhere"));
  process.chdir(folder);
  try {
    await using({ path: "relative.db" }, async (store) => {
      process.chdir("elsewhere");
      await store.set("key", utf8("x"));
    });
    assert.deepEqual([existsSync(join(folder, "relative.db")), readdirSync(".")], [true, []]);
    await using({ path: "../none/relative.db" }, async (store) => {
      process.chdir(before);
      await refused(
        () => store.find("key"),
        "unavailable",
        new RegExp(JSON.stringify(join(folder, "none/relative.db"))),
      );
    });
  } finally {
    process.chdir(before);
  }
});

test("a file, its journal and what goes with it are its owner's alone, and one that is there keeps its mode", async () => {
  const [path, given] = [fresh(), fresh()];
  writeFileSync(given, "");
  chmodSync(given, 0o640);
  const modes = (path: string): number[] => ["", "-wal", "-shm"].map((end) => statSync(path + end).mode & 0o777);
  const mask = process.umask(0);
  try {
    await using({ path }, async (store) => {
      await store.set("key", utf8("x"));
      assert.deepEqual(modes(path), [0o600, 0o600, 0o600]);
    });
    await using({ path: given }, async (store) => {
      await store.set("key", utf8("x"));
      assert.deepEqual(modes(given), [0o640, 0o640, 0o640]);
    });
  } finally {
    process.umask(mask);
  }
});

test("a failed opening is forgotten", async () => {
  const path = join(folder, "later", "x.db");
  await using({ path }, async (store) => {
    const error = await refused(() => store.find("key"), "unavailable", /later/);
    assert.ok(error.cause instanceof Error);
    await refused(() => Promise.all([store.find("key"), store.set("key", utf8("x"))]), "unavailable");
    mkdirSync(join(folder, "later"));
    await store.set("key", utf8("x"));
    assert.equal(text(await store.get("key")), "x");
  });
});

test("a file that is not a store's is refused and stays as it is", async () => {
  const [later, foreign, tagged, noDatabase] = [fresh(), fresh(), fresh(), fresh()];
  await using({ path: later }, (store) => store.set("key", utf8("x")));
  tamper(later, "PRAGMA user_version = 2");
  tamper(foreign, "CREATE TABLE entries (key TEXT, value BLOB)");
  tamper(tagged, "PRAGMA application_id = 42");
  writeFileSync(noDatabase, "Dear diary, ".repeat(1000));
  const wal = fresh();
  tamper(wal, "PRAGMA journal_mode = WAL; CREATE TABLE mine (x)");
  for (const path of [later, foreign, tagged, noDatabase, wal]) {
    const before = readFileSync(path);
    await using({ path }, async (store) => {
      await refused(() => store.set("key", utf8("y")), "bad-config", /option "path" must be/);
      await refused(() => store.find("key"), "bad-config");
    });
    assert.deepEqual(readFileSync(path), before);
  }
});

test("an empty file is taken", async () => {
  const path = fresh();
  writeFileSync(path, "");
  await using({ path }, (store) => store.set("key", utf8("x")));
  await using({ path }, async (store) => assert.equal(text(await store.get("key")), "x"));
});

test("a damaged file is unavailable, and usable again when it is repaired", async () => {
  const path = fresh();
  await using({ path }, async (store) => {
    const items = Array.from({ length: 2000 }, (_, index) => [`key ${index}`, utf8("x".repeat(100))] as const);
    await store.setMany(items);
  });
  const sound = readFileSync(path);
  const damaged = Buffer.from(sound);
  damaged.fill(0x55, 4096, 40_000);
  writeFileSync(path, damaged);
  await using({ path }, async (store) => {
    const error = await refused(() => store.get("key 1"), "unavailable");
    assert.ok(error.cause instanceof Error);
    await refused(() => store.set("key 1", utf8("y")), "unavailable");
    writeFileSync(path, sound);
    assert.equal(text(await store.get("key 1")), "x".repeat(100));
  });
  truncateSync(path, 5000);
  await using({ path }, async (store) => void (await refused(() => store.get("key 1"), "unavailable")));
});
