import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "vitest";
import { launch } from "../support/launch.ts";
import { startServer } from "../support/server.ts";
import { path } from "./driver.ts";

// WebKit under automation keeps nothing.
for (const name of ["chromium", "firefox"] as const) {
  it(`values and deadlines outlive ${name}`, async () => {
    const profile = await mkdtemp(join(tmpdir(), "shelflife-profile-"));
    const server = await startServer();
    let browser = await launch(name, { profile });
    try {
      let page = await browser.open(server.url + path);
      const before = await page.evaluate(async () => {
        const store = shelf.indexeddb({ database: "kept" });
        await store.set("for ever", shelf.bytes("1"));
        await store.set("long", shelf.bytes("2"), { ttl: 600_000 });
        await store.set("short", shelf.bytes("3"), { ttl: 200 });
        // Without a close, as when a person just quits.
        return (await store.entry("long"))!.expiresAt;
      });
      await browser.close();
      browser = await launch(name, { profile });
      page = await browser.open(server.url + path);
      const after = await page.evaluate(async () => {
        const store = shelf.indexeddb({ database: "kept" });
        const entry = (await store.entry("long"))!;
        const outcomes = await shelf.outcomes([
          store.get("for ever"),
          store.get("long"),
          store.find("short"),
          store.sweep(),
        ]);
        const { entries } = await store.list();
        await store.close();
        // As text, since JSON has no infinity.
        return {
          expiresAt: entry.expiresAt,
          outcomes,
          entries: entries.map(({ key, expiresAt }) => `${key} ${expiresAt}`),
        };
      });
      assert.equal(after.expiresAt, before);
      assert.deepEqual(after.outcomes, [{ value: "1" }, { value: "2" }, {}, { value: 1 }]);
      assert.deepEqual(after.entries, ["for ever Infinity", `long ${before}`]);
    } finally {
      await browser.close();
      await server.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    }
  });
}
