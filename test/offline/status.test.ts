import assert from "node:assert/strict";
import { test } from "vitest";
import { memory } from "../../src/index.ts";
import { offlinePair } from "../support/offlinePair.ts";
import { until } from "../support/until.ts";

test("a store that was synced says so also when it is opened again without the network", async () => {
  const pair = offlinePair();
  const local = memory();
  const first = pair.client({ local });
  await first.sync();
  await first.close();
  pair.network = "down";
  const again = pair.client({ local });
  await until(() => again.status().complete && again.status().lastSynced !== undefined);
  assert.equal(again.status().online, false);
  await pair.close();
});
