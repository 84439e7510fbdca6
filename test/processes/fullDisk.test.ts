import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, test } from "vitest";
import { isStoreError } from "../../src/core/error.ts";
import { remote } from "../../src/http/remote.ts";
import { startChild } from "../support/childProcess.ts";
import { runtimes } from "../../scripts/runtimes.mjs";

const size = 2 << 20;
const folder = mkdtempSync(join(tmpdir(), "shelflife-"));
const disks: string[] = [];
afterAll(() => {
  for (const disk of disks) execFileSync("umount", [disk], { stdio: "ignore" });
  rmSync(folder, { recursive: true, force: true });
});

/** Makes a file system of 2 MiB, which takes root; else the store's own limit has to do. */
function makeDisk(name: string): { path: string; maxBytes?: number } {
  const disk = join(folder, name);
  mkdirSync(disk);
  const path = join(disk, "store.db");
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", disk], { stdio: "ignore" });
  } catch {
    return { path, maxBytes: size };
  }
  disks.push(disk);
  const { blocks, bsize } = statfsSync(disk);
  assert.equal(blocks * bsize, size);
  return { path };
}

/** Fills a disk with something else to the last byte, and returns how to take that away. */
function fillUp(disk: string): () => void {
  const filler = join(disk, "filler");
  for (const step of [65_536, 4096, 1]) {
    try {
      for (;;) appendFileSync(filler, new Uint8Array(step));
    } catch (error) {
      assert.equal((error as { code: string }).code, "ENOSPC");
    }
  }
  return () => rmSync(filler);
}

const isFull = (error: unknown): boolean => isStoreError(error, "quota-exceeded");

/** Bytes that are of one key alone. */
const valueOf = (index: number): Uint8Array => new Uint8Array(10_000).fill(index % 251);

for (const [name, command] of Object.entries(runtimes)) {
  test(`a server on a full disk refuses, keeps what it has, and takes more when there is room: ${name}`, async () => {
    const child = startChild(command, "./serveChild.ts");
    try {
      const disk = makeDisk(name);
      const url = await child.call("serve", disk, { path: ":memory:" });
      const store = remote({ url });
      let written = 0;
      const fill = async (): Promise<void> => {
        for (;;) await store.set(`key ${written}`, valueOf(written)).then(() => written++);
      };
      await assert.rejects(fill(), isFull);
      assert.ok(written > 20, `${written} were written`);
      // Many at once too: each is refused, and none is half there.
      const keys = Array.from({ length: 64 }, (_, index) => `more ${index}`);
      const outcomes = await Promise.allSettled(keys.map((key, index) => store.set(key, valueOf(index))));
      const refused = outcomes.filter((outcome) => outcome.status === "rejected");
      assert.ok(refused.length > 0);
      for (const { reason } of refused) assert.ok(isFull(reason), String(reason));

      const check = async (from: number): Promise<void> => {
        const indices = Array.from({ length: written - from }, (_, index) => from + index);
        assert.deepEqual(await store.findMany(indices.map((index) => `key ${index}`)), indices.map(valueOf));
        const expected = outcomes.map(({ status }, index) => (status === "fulfilled" ? valueOf(index) : undefined));
        assert.deepEqual(await store.findMany(keys), expected);
      };
      await check(0);
      assert.equal(await store.deleteMany(Array.from({ length: 20 }, (_, index) => `key ${index}`)), 20);
      const more = 5;
      for (let index = 0; index < more; index++) await store.set(`later ${index}`, valueOf(index));
      for (let index = 0; index < more; index++) {
        assert.deepEqual(await store.find(`later ${index}`), valueOf(index));
      }
      await check(20);

      if (disk.maxBytes === undefined) {
        const empty = fillUp(dirname(disk.path));
        await assert.rejects(
          store.setMany(Array.from({ length: 50 }, (_, index) => [`none ${index}`, valueOf(index)])),
          isFull,
        );
        await check(20);
        empty();
        await store.set("later 0", valueOf(0));
        assert.equal(await store.has("none 0"), false);
      }
      // All of it can go, however full it is.
      await assert.rejects(fill(), isFull);
      await store.clear();
      assert.deepEqual((await store.list()).entries, []);
      for (let index = 0; index < more; index++) await store.set(`last ${index}`, valueOf(index));
      await store.close();
    } finally {
      await child.kill();
    }
  });
}
