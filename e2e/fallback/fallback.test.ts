import assert from "node:assert/strict";
import { it } from "vitest";
import { cdp, inEngines } from "../support/place.ts";
import { callsOf } from "../support/tab.ts";
import type { tab as Tab } from "./page.ts";

const inMemory = [1, false, "kept"];

inEngines("fallback", ["chromium"], { page: "e2e/fallback/page.html" }, (place) => {
  it("keeps to storage that works", async () => {
    const call = callsOf<typeof Tab>(await place.open());
    assert.deepEqual(await call("use", place.database()), [0, true, "kept"]);
  });

  it("goes on in memory in a sandboxed frame, with a database that never opens, a full disk, and a server that is away", async () => {
    const call = callsOf<typeof Tab>(await place.open());
    assert.deepEqual(await call("useSandboxed"), [2, false, "kept"]);
    assert.deepEqual(await call("useStuck", place.database()), inMemory);
    assert.deepEqual(await call("useFull"), inMemory);
    assert.deepEqual(await call("useAway", "http://127.0.0.1:9/"), inMemory);
  });

  it("goes on in memory where the quota is nothing", async () => {
    // An origin that nothing was written to yet: Chromium remembers for a while how much room there was.
    const url = place.server.url.replace("localhost", "127.0.0.1");
    const page = await place.browser.open(new URL("/e2e/fallback/page.html", url).href);
    const session = await cdp(page);
    await session.send("Storage.overrideQuotaForOrigin", { origin: new URL(url).origin, quotaSize: 1 });
    const call = callsOf<typeof Tab>(page);
    assert.deepEqual(await call("use", place.database()), inMemory);
  });
});
