import assert from "node:assert/strict";
import { it } from "vitest";
import { until } from "../../test/support/until.ts";
import { cdp } from "../support/place.ts";
import { inEngines } from "./driver.ts";
import { noise } from "./noise.ts";

const cases = [
  { title: "large values", size: 1_000_000, quotaSize: 12_000_000, synced: 4 },
  { title: "middle values", size: 400_000, quotaSize: 4_500_000, synced: 3 },
];

for (const { title, size, quotaSize, synced } of cases)
  inEngines(`an offline store of ${title} whose origin is full`, ["chromium"], {}, (shore) => {
    it("gives up what was synced, refuses what has no room, and brings all that waits to the server that is back", async () => {
      // Before a store opens there: Chromium goes on for a while by what room there was.
      const session = await cdp(await shore.open("e2e/offline/noise.ts"));
      const { origin } = new URL(shore.server.url);
      await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize });
      const { call } = await shore.tab(shore.database());
      try {
        assert.deepEqual(await call("fill", "synced ", size, synced), [synced]);
        await until(async () => (await call("status")).pending === 0);
        await shore.far.kill();
        const most = 2 * Math.ceil(quotaSize / size);
        const [written, code] = await call("fill", "mine ", size, most);
        assert.equal(code, "quota-exceeded");
        assert.ok(written > synced && written < most, `${written} were written`);
        // Until not even little has room.
        const [little, refused] = await call("fill", "little ", 1000, 5000);
        assert.equal(refused, "quota-exceeded");
        assert.equal((await call("status")).pending, written + little);
        await shore.far.start();
        await until(async () => (await call("status")).pending === 0, 60_000);
        const { store } = shore.far;
        for (const [prefix, count, length] of [
          ["synced ", synced, size],
          ["mine ", written, size],
          ["little ", little, 1000],
        ] as const) {
          const values = await store.findMany(Array.from({ length: count }, (_, index) => `${prefix}${index}`));
          for (const [index, value] of values.entries())
            assert.ok(value && Buffer.from(noise(index, length)).equals(value), `${prefix}${index}`);
        }
        assert.equal(await call("sizeOf", "synced 0"), size);
        assert.deepEqual([(await call("status")).conflicts, await call("pending")], [0, []]);
      } finally {
        // Chromium remembers it for the origin.
        await session.send("Storage.overrideQuotaForOrigin", { origin });
      }
    });
  });
