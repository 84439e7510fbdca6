import assert from "node:assert/strict";
import { test } from "vitest";
import { getOrSet } from "../../../src/extras.ts";
import { memory } from "../../../src/index.ts";
import { createLoads } from "./loads.ts";

test("a caller whose signal is aborted by the load itself waits for nothing", async () => {
  const caller = new AbortController();
  const load = () => (caller.abort(new Error("mine")), new Promise<any>(() => {}));
  await assert.rejects(getOrSet(memory(), "key", load, { signal: caller.signal }), /mine/);
});

test("a signal that is aborted before the call begins no load", async () => {
  const loads = createLoads();
  await assert.rejects(
    getOrSet(memory(), "key", loads.load, { signal: AbortSignal.abort("no") }),
    (reason) => reason === "no",
  );
  assert.equal(loads.count, 0);
});
