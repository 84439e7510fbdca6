import assert from "node:assert/strict";
import { test } from "vitest";
import { createListings } from "../../../src/backends/valkey/listings.ts";
import type { Scan } from "../../../src/backends/valkey/scan.ts";
import { isStoreError } from "../../../src/core/error.ts";

/** A scan of keys, which counts how often it is begun. */
function scanOf(keys: readonly string[]): Scan & { begun: number } {
  const scan = Object.assign(
    async (prefix: string, found: (keys: string[]) => unknown) => {
      scan.begun++;
      await found(keys.filter((key) => key.startsWith(prefix)));
    },
    { begun: 0 },
  );
  return scan;
}

const prefixes = ["tenant-a/", "tenant-b/", "tenant-b/more/", ""];
const names = ["", "1", "2 ü", "3", "\uffff"];
const keys = prefixes.flatMap((prefix) => names.map((name) => prefix + name)).filter((key) => key !== "");

test("a cursor is bound to its prefix and shows nothing of that, and a strange one is refused or stays within it", async () => {
  const listings = createListings(scanOf(keys));
  const given: string[] = [];
  for (const prefix of prefixes) {
    const { keys: found, cursorAt } = await listings.read(prefix, undefined);
    for (const key of found) {
      const cursor = cursorAt(key);
      assert.ok(prefix === "" || !cursor.includes(prefix), cursor);
      given.push(cursor);
    }
  }
  const [id] = given[0]!.split(".");
  const strange = ["", ".", "x", "-gy94t44d9kp.tenant-a/2", "gy94t44d9kp.tenant-a/2", "tenant-a/2", "\0", "\ud800", `${id}`, `${id}.`, `${id}.\uffff`, `${id}.tenant-a/`, `.${id}`]; // prettier-ignore
  for (const prefix of prefixes) {
    const within = keys.filter((key) => key.startsWith(prefix)).sort();
    for (const cursor of [...given, ...strange]) {
      const [, after] = /^[^.]*\.([^]*)$/.exec(cursor) ?? [];
      try {
        const found = await listings.read(prefix, cursor);
        assert.deepEqual([...found.keys].sort(), within.filter((key) => key > prefix + after!), cursor); // prettier-ignore
      } catch (error) {
        assert.ok(isStoreError(error, "invalid-argument") && strange.includes(cursor), `${cursor}: ${String(error)}`);
      }
    }
  }
});

test("what a cursor names cannot be guessed from others", async () => {
  const listings = createListings(scanOf(keys));
  const ids = new Set<string>();
  for (let number = 0; number < 100; number++) {
    const { cursorAt } = await listings.read("", undefined);
    const [, id] = /^([0-9a-f]{32})\.1$/.exec(cursorAt("1"))!;
    ids.add(id!);
  }
  assert.equal(ids.size, 100);
});

test("the next page looks at no key again, and not at those that a cursor of another prefix stands for", async () => {
  const scan = scanOf(keys);
  const listings = createListings(scan);
  const { cursorAt } = await listings.read("tenant-a/", undefined);
  await listings.read("tenant-a/", cursorAt("tenant-a/1"));
  assert.equal(scan.begun, 1);
  await listings.read("tenant-b/", cursorAt("tenant-a/1"));
  assert.equal(scan.begun, 2);
  await listings.read("tenant-a/", cursorAt("tenant-a/1"));
  assert.equal(scan.begun, 2);
});

test("a cursor given earlier leads back to where it was, also where another process gave it", async () => {
  const given = createListings(scanOf(keys));
  const { cursorAt } = await given.read("", undefined);
  const listings = createListings(scanOf(keys));
  await listings.read("", cursorAt("tenant-b/1"));
  const { keys: found } = await listings.read("", cursorAt("1"));
  assert.deepEqual(found, [...keys].sort().slice([...keys].sort().indexOf("1") + 1));
});
