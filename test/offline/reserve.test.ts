import assert from "node:assert/strict";
import { afterEach, expect, test, vi } from "vitest";
import { memory } from "../../src/index.ts";
import { fullStore } from "../support/fullStore.ts";
import { offlinePair, rejects, type Pair } from "../support/offlinePair.ts";

const pairs: Pair[] = [];
afterEach(async () => {
  await Promise.all(pairs.splice(0).map((pair) => pair.close()));
  vi.unstubAllGlobals();
});

const quota = 2_000_000;

test("a full origin gives up what was set aside for what waits to go, and sets it aside again before more is written", async () => {
  const full = fullStore(memory());
  const cached = new Map<string, number>();
  let isFull = false;
  const count = (): void => {
    full.total = quota - [...cached.values()].reduce((sum, size) => sum + size, 0);
  };
  const cache = {
    match: async (place: string) => cached.has(place) || undefined,
    async put(place: string, response: Response) {
      if (isFull) throw new DOMException("Full", "QuotaExceededError");
      cached.set(place, (await response.arrayBuffer()).byteLength);
      count();
    },
    async delete(place: string) {
      const isThere = cached.delete(place);
      count();
      return isThere;
    },
  };
  vi.stubGlobal("indexedDB", {});
  vi.stubGlobal("caches", { open: async () => cache });
  const pair = offlinePair();
  pairs.push(pair);
  const client = pair.client({ local: { ...full, isPersistent: () => true } });
  await client.sync();
  await expect.poll(() => cached.size).toBe(1);
  await pair.cut(client);
  const value = new Uint8Array(20_000);
  let written = 0;
  while (
    await client.set(`k${written}`, value).then(
      () => true,
      () => false,
    )
  )
    written++;
  assert.ok(written > 30 && written < 60, `${written}`);
  isFull = true;
  // A database may take more than it should, so that nothing at all has room.
  full.total -= 200_000;
  await rejects(client.set("small", new Uint8Array(1)), "quota-exceeded");
  pair.network = "up";
  await client.flush();
  for (let index = 0; index < written; index++) assert.equal((await pair.server.get(`k${index}`)).length, 20_000);
  assert.equal(cached.size, 0);
  // What was set aside is nobody else's.
  await rejects(client.set("small", new Uint8Array(1)), "quota-exceeded");
  isFull = false;
  await client.set("small", new Uint8Array(1));
  assert.equal(cached.size, 1);
});
