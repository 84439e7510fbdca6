// Holds the README's table of adapters against what they are run with, and what their suites hold.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { level } from "../../src/adapters/level.ts";
import { memory } from "../../src/backends/memory.ts";
import { root } from "../architecture/tree.ts";
import { load } from "../peers/load.ts";

const abstractLevel = await load("abstract-level");

const read = (path: string): string => readFileSync(`${root}${path}`, "utf8");
const rows = [
  ...read("README.md")
    .split("| adapter | run with | suite | passed |")[1]!
    .matchAll(/^\| `(\w+)` \| (.+?) \| (.+?) \| (.*?)\|$/gm),
].map(([, adapter, libraries, suite, passed]) => ({
  adapter,
  libraries: libraries!,
  suite: suite!,
  passed: passed!.trim(),
}));

test("each adapter has a row, and each library stands there with the version that is installed", () => {
  const doors = ["betterauth", "idb", "keyv", "level", "localforage", "ratelimit", "session", "strings", "unstorage"];
  expect(rows.map(({ adapter }) => adapter).sort((a, b) => (a! < b! ? -1 : 1))).toEqual(doors);
  const installed = {
    ...JSON.parse(read("package.json")).devDependencies,
    ...JSON.parse(read("test/peers/package.json")).dependencies,
  };
  const versions = Object.entries<string>(installed).map(([name, version]) => [
    name.replace(/-\d$/, ""),
    version.replace(/^npm:.*@/, ""),
  ]);
  for (const { libraries, suite } of rows) {
    let name = "";
    for (const [, given, version] of `${libraries} ${suite}`.matchAll(/(?:`([^`]+)` )?(\d+\.\d+\.\d+)/g)) {
      name = given ?? name;
      expect(versions).toContainEqual([name, version]);
    }
  }
});

test("the counts of the suites are those of what runs", async () => {
  const suite = await load("@keyv/test-suite");
  let count = 0;
  const counter = { it: () => void count++, beforeEach() {}, afterEach() {} };
  for (const part of [suite.default, suite.keyvIteratorTests]) part(counter);
  const ofRedis = read("test/peers/node_modules/connect-redis/index_test.ts").match(/^test\(/gm)!.length;
  let ofLevel = 0;
  const { default: levels } = await load("abstract-level/test/index.js");
  levels({ test: () => void ofLevel++, factory: () => level(memory(), abstractLevel) });
  const counts: Record<string, number> = { keyv: count, session: ofRedis, level: ofLevel };
  for (const { adapter, passed } of rows) {
    const expected = counts[adapter!];
    const number = expected?.toLocaleString("en");
    expect(passed).toBe(number === undefined ? "" : `${number} of ${number}`);
  }
});
