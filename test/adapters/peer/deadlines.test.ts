import assert from "node:assert/strict";
import { test } from "vitest";
import { createSoonest } from "../../../src/adapters/peer/deadlines.ts";
import type { Entry } from "../../../src/core/contract.ts";
import { createHub } from "../../../src/core/hub.ts";

test("the next deadline is found by reading all once, and then what has changed", async () => {
  const stored = new Map<string, Entry>();
  const read: string[] = [];
  const hub = createHub();
  const put = (key: string, expiresAt: number): void => {
    stored.set(key, { value: new Uint8Array(), expiresAt });
    hub.report([{ type: "set", key }]);
  };
  let failure: Error | undefined;
  const entries = {
    keys: async () => [...stored.keys()],
    async read(key: string) {
      read.push(key);
      if (failure) throw failure;
      return stored.get(key);
    },
  };
  for (const [key, at] of [["a", 30], ["b", Infinity], ["c", 20]] as const) put(key, at); // prettier-ignore
  const soonest = createSoonest(entries, hub);
  const look = async (): Promise<[number, string]> => [await soonest({ now: () => 0 }), read.splice(0).join()];
  assert.deepEqual(await look(), [20, "a,b,c"]);
  assert.deepEqual(await look(), [20, ""]);
  put("c", Infinity);
  put("d", 25);
  assert.deepEqual(await look(), [25, "c,d"]);
  stored.delete("d");
  hub.report([{ type: "delete", key: "d" }]);
  assert.deepEqual(await look(), [30, "d"]);
  failure = new Error("The medium failed");
  put("e", 10);
  await assert.rejects(look, failure);
  failure = undefined;
  read.length = 0;
  assert.deepEqual(await look(), [10, "a,b,c,e"], "what could not be read is read again");
});
