import assert from "node:assert/strict";
import { afterAll, beforeAll, describe, it } from "vitest";
import { memory } from "shelflife";
import { docs } from "shelflife/http/docs";
import { handler } from "shelflife/http/handler";
import type { PlaywrightBrowser } from "./support/playwright.ts";
import { startServer, type TestServer } from "./support/server.ts";
import { sharedBrowser } from "./support/shared.ts";

describe("the wire in Chromium", () => {
  let server: TestServer;
  let url = "";
  beforeAll(async () => {
    server = await startServer({ "/store/": docs(handler(memory())) });
    url = server.url.replace("localhost", "127.0.0.1");
  });
  afterAll(() => server.close());

  it("the page about the wire asks for nothing, fits any window, goes with the light and by the keyboard", async () => {
    const browser = (await sharedBrowser("chromium")) as PlaywrightBrowser;
    const { page, errors } = await browser.open(`${url}store/docs`);
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await page.reload();
    assert.deepEqual(asked, [`${url}store/docs`]);
    for (const width of [320, 700, 1280]) {
      await page.setViewportSize({ width, height: 700 });
      const wide = await page.evaluate("document.documentElement.scrollWidth");
      assert.ok((wide as number) <= width, `${String(wide)} in ${width}`);
    }
    const paper = (): Promise<unknown> => page.evaluate("getComputedStyle(document.body).backgroundColor");
    const seen: unknown[] = [];
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      seen.push(await paper());
    }
    assert.deepEqual(seen, ["rgb(255, 255, 255)", "rgb(20, 23, 26)"]);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    // A key is answered before the page has gone where it leads, and before it has scrolled there.
    await page.waitForURL(/#main$/);
    await page.getByRole("link", { name: "PUT /entry" }).focus();
    await page.keyboard.press("Enter");
    await page.waitForURL(/#put_entry$/);
    await page.getByRole("heading", { name: "Write a value" }).waitFor();
    await page.waitForFunction("document.querySelector('#put_entry').getBoundingClientRect().top < 100");
    await page.getByRole("link", { name: "OpenAPI" }).click();
    await page.waitForURL(`${url}store/openapi.json`);
    assert.deepEqual(errors, []);
    await page.close();
  });
});
