import assert from "node:assert/strict";
import { test } from "vitest";
import { readArguments } from "../../bench/readArguments.mjs";

const suites = ["http", "indexeddb", "localstorage", "memory", "valkey"];
const read = (...args: string[]): { suites: string[]; options: Record<string, string> } => readArguments(args, suites);

test("without a name all suites are measured, with names those", () => {
  assert.deepEqual(read().suites, suites);
  assert.deepEqual(read("memory", "--rounds=5", "--only=set, 100 B"), {
    suites: ["memory"],
    options: { rounds: "5", only: "set, 100 B" },
  });
});

test("a browser or a runtime has the suites that run there", () => {
  assert.deepEqual(read("--browser=firefox").suites, ["indexeddb", "localstorage"]);
  assert.deepEqual(read("--runtime=deno").suites, ["http", "memory", "valkey"]);
  assert.throws(() => read("memory", "--browser=firefox"), /"memory": expected some of indexeddb, localstorage/);
  assert.throws(() => read("indexeddb", "--runtime=bun"), /"indexeddb": expected some of/);
  assert.throws(() => read("--browser=firefox", "--runtime=bun"), /no browser beside it/);
});

test("a part of a suite is kept among the rest, of all its peers", () => {
  assert.deepEqual(read("memory", "--only=update", "--keep").options, { only: "update", keep: "" });
  assert.throws(() => read("memory", "--keep"), /"--keep": expected --only beside it, and no --peers/);
  assert.throws(() => read("memory", "--only=update", "--peers=keyv", "--keep"), /"--keep": expected --only/);
});

test("the pages alone are written without a suite", () => {
  assert.deepEqual(read("--pages"), { suites: [], options: { pages: "" } });
  assert.throws(() => read("memory", "--pages"), /"--pages": expected nothing beside it/);
});

test("what is not known is refused with what there is", () => {
  for (const arg of [
    "--help",
    "-h",
    "--rounds",
    "--rounds=0",
    "--rounds=a",
    "--browser=opera",
    "--runtime=",
    "--only=",
    "--pages=all",
  ])
    assert.throws(
      () => read("memory", arg),
      (error: Error) =>
        error.message.includes(JSON.stringify(arg)) && /http, .*--rounds=9, --browser=/.test(error.message),
      arg,
    );
  assert.throws(() => read("redis"), /"redis": expected some of http, indexeddb, localstorage, memory, valkey/);
});
