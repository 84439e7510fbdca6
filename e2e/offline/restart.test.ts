import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { it } from "vitest";
import { until } from "../../test/support/until.ts";
import { launch } from "../support/launch.ts";
import type { PlaywrightBrowser } from "../support/playwright.ts";
import { startServer } from "../support/server.ts";
import { callsOf } from "../support/tab.ts";
import { pathOf, readThere } from "./driver.ts";
import type { tab as Tab } from "./page.ts";
import { startStoreServer } from "./server.ts";

it("what was acknowledged before Chromium was killed gets to the server once", async () => {
  const profile = await mkdtemp(join(tmpdir(), "shelflife-profile-"));
  const server = await startServer();
  const far = await startStoreServer(new URL(server.url).origin);
  const url = server.url + pathOf("killed", far.url);
  let browser = (await launch("chromium", { profile })) as PlaywrightBrowser;
  try {
    let page = await browser.open(url);
    let call = callsOf<typeof Tab>(page);
    await until(async () => (await call("status")).complete);
    await far.kill();
    let acknowledged = 0;
    await page.page.exposeFunction("acknowledged", (count: number) => void (acknowledged = count));
    await call("burst");
    await until(() => acknowledged >= 200);
    const session = await browser.context.browser()!.newBrowserCDPSession();
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    process.kill(processInfo.find(({ type }) => type === "browser")!.id, "SIGKILL");
    await new Promise((resolve) => browser.context.once("close", resolve));
    const least = acknowledged;

    browser = (await launch("chromium", { profile })) as PlaywrightBrowser;
    page = await browser.open(url);
    call = callsOf<typeof Tab>(page);
    const here = Number(await call("get", "n"));
    assert.ok(here >= least, `${here} of ${least} were counted`);
    await until(async () => (await call("status")).pending > least);
    await far.start();
    await until(async () => (await readThere(far, "n")) === String(here));
    await until(async () => (await call("status")).pending === 0);
    assert.equal(await readThere(far, "n"), String(here));
    const values = await far.store.findMany(Array.from({ length: least }, (_, index) => `key ${index + 1}`));
    const missing = values.flatMap((value, index) => (String(value) === String(new TextEncoder().encode(`${index + 1}`)) ? [] : [index])); // prettier-ignore
    assert.deepEqual(missing, []);
    assert.equal((await call("status")).conflicts, 0);
  } finally {
    await browser.close().catch(() => {});
    await far.remove();
    await server.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
});
