import assert from "node:assert/strict";
import { test, vi } from "vitest";
import { createRowsHub } from "../../src/offline/rowsHub.ts";
import { until } from "../support/until.ts";

test("a report that a channel delivers though its post failed comes once", async () => {
  const name = `rows-${Math.random()}`;
  const [mine, other] = [createRowsHub(name), createRowsHub(name)];
  const seen: string[] = [];
  const stop = other.watch({ changed: ({ type, key }) => seen.push(`${type} ${key}`), resync() {}, failed() {} });
  const post = BroadcastChannel.prototype.postMessage;
  vi.spyOn(BroadcastChannel.prototype, "postMessage").mockImplementationOnce(function (
    this: BroadcastChannel,
    message,
  ) {
    post.call(this, message);
    throw new Error("Disconnected");
  });
  mine.report([{ type: "set", key: "a" }]);
  mine.report([{ type: "delete", key: "a" }]);
  await until(() => seen.includes("delete a"));
  assert.deepEqual(seen, ["set a", "delete a"]);
  stop();
  mine.close();
  other.close();
});
