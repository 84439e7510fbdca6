import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, describe, it } from "vitest";
import type { PlaywrightBrowser } from "../support/playwright.ts";
import { createTabs, database, startBrowser, startWorkbench, until, type Workbench } from "./driver.ts";

let workbench: Workbench;
beforeAll(async () => (workbench = await startWorkbench()));
afterAll(() => workbench?.remove());

for (const engine of ["chromium", "firefox"] as const) {
  describe(`workbench in ${engine}`, { timeout: 300_000 }, () => {
    let browser: PlaywrightBrowser;
    const tabs = createTabs(
      () => workbench,
      () => browser,
    );
    const { open } = tabs;

    beforeAll(async () => (browser = await startBrowser(engine)));
    afterAll(() => browser?.close());
    afterEach(() => tabs.close());

    it("counts a value's lifetime down and takes it away at its deadline", async () => {
      const { page, enter, stored, row, status, entries } = await open("memory");
      await stored({ key: "stays", value: "here" });
      const end = Date.now() + 3000;
      await enter({ key: "greeting", value: "Hello", lifetime: 3 });
      await row("greeting").waitFor();
      assert.match(await status.innerText(), /^Stored greeting for 3 seconds, 5 B/);
      const seen = new Set<string>();
      await until("the entry is gone", async () => {
        const cells = entries.getByRole("row").filter({ hasText: "greeting" }).getByRole("cell");
        for (const text of await cells.allInnerTexts()) if (/^\d+ s$/.test(text)) seen.add(text);
        return (await row("greeting").count()) === 0;
      });
      assert.ok(Date.now() >= end, "it went before its deadline");
      assert.ok(seen.has("2 s") && seen.has("1 s") && !seen.has("0 s"), `it counted ${[...seen].join(", ")}`);
      assert.equal(await row("stays").getByRole("cell", { name: "never" }).count(), 1);
      await page.getByRole("button", { name: "Open stays" }).click();
    });

    it("tells text, JSON, images and other bytes apart and shows their sizes", async () => {
      const { page, put, stored, row, dialog } = await open("memory");
      await stored({ key: "text", value: "plain words" });
      await stored({ key: "json", value: '{ "a": [1, 2] }', kind: "JSON" });
      await put.getByRole("radio", { name: "Files" }).check();
      const png = await page.evaluate(() => {
        const canvas = Object.assign(document.createElement("canvas"), { width: 40, height: 30 });
        canvas.getContext("2d")!.fillRect(0, 0, 20, 20);
        return canvas.toDataURL("image/png").split(",")[1]!;
      });
      const bytes = Buffer.from(Array.from({ length: 1500 }, (_, index) => index % 256));
      await put.locator("input[type=file]").setInputFiles([
        { name: "shot.png", mimeType: "image/png", buffer: Buffer.from(png, "base64") },
        { name: "bytes.bin", mimeType: "application/octet-stream", buffer: bytes },
      ]);
      for (const [key, kind, size] of [
        ["text", "text", "11 B"],
        ["json", "JSON", "11 B"],
        ["bytes.bin", "binary", "1.5 kB"],
      ] as const) {
        await row(key).getByRole("cell", { name: kind, exact: true }).waitFor();
        await row(key).getByRole("cell", { name: size, exact: true }).waitFor();
      }
      await row("shot.png").getByRole("cell", { name: "image", exact: true }).waitFor();
      await row("json").getByText('{"a":[1,2]}').waitFor();
      await page.getByRole("button", { name: "Open bytes.bin" }).click();
      await dialog.getByText(/000010 {2}10 11 12/).waitFor();
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "Open shot.png" }).click();
      const image = dialog.getByRole("img");
      await until("the image is drawn", () => image.evaluate((node) => (node as HTMLImageElement).naturalWidth === 40));
    });

    it("gives a dropped file back byte for byte", async () => {
      const { page, row, dialog } = await open(database(`drop-${engine}`));
      const size = 300_000;
      await page.evaluate((size) => {
        const bytes = new Uint8Array(size).map((_, index) => (index * index) % 251);
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([bytes], "a photo.raw"));
        for (const type of ["dragenter", "dragover", "drop"]) {
          document.body.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
        }
      }, size);
      await row("a photo.raw").getByRole("cell", { name: "300 kB", exact: true }).waitFor();
      await page.getByRole("button", { name: "Open a photo.raw" }).click();
      const link = dialog.getByRole("link", { name: "Download" });
      const wanted = Buffer.from(Array.from({ length: size }, (_, index) => (index * index) % 251));
      if (engine === "chromium") {
        const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
        assert.equal(download.suggestedFilename(), "a photo.raw");
        assert.equal(digest(await readFile(await download.path())), digest(wanted));
      } else {
        // Its channel cannot take downloads, so the value is read from the store.
        assert.equal(await link.getAttribute("download"), "a photo.raw");
        const found = await page.evaluate(async (key) => {
          const { open } = await import(new URL("/dist/shelflife.min.js", location.href).href);
          const store = await open(JSON.parse(decodeURIComponent(location.hash.slice(1))));
          const value: Uint8Array = await store.get(key);
          await store.close();
          return Array.from(value).join();
        }, "a photo.raw");
        assert.equal(digest(Buffer.from(found.split(",").map(Number))), digest(wanted));
      }
    });

    it("says what is wrong with JSON, and takes it when it is mended", async () => {
      const { enter, errors, row, put, button, isFocused } = await open("memory");
      await enter({ key: "config", value: '{ "a": ', kind: "JSON" });
      await errors.filter({ hasText: "cant-encode" }).filter({ hasText: "The value is not JSON" }).waitFor();
      const value = put.getByRole("textbox", { name: "Value" });
      assert.equal(await value.getAttribute("aria-invalid"), "true");
      assert.ok(await isFocused(value));
      await button("Dismiss").click();
      await errors.waitFor({ state: "detached" });
      await value.fill('{ "a": 1 }');
      await put.getByRole("button", { name: "Put" }).click();
      await row("config").waitFor();
    });

    it("shows the store's own words for a bad key and a bad lifetime", async () => {
      const { enter, errors } = await open("memory");
      await enter({ key: "", value: "x" });
      await errors.filter({ hasText: "invalid-argument" }).filter({ hasText: "Invalid key" }).waitFor();
      await enter({ key: "k", value: "x", lifetime: 0 });
      await errors.filter({ hasText: "Invalid ttl: expected a number of ms above 0, got 0" }).waitFor();
      await enter({ key: "k", value: "x", lifetime: 0 });
      await errors.filter({ hasText: "(2 times)" }).waitFor();
    });

    it("edits, extends and deletes, and takes a deletion back", async () => {
      const { stored, row, page, dialog, text, says, button, choose, entries, isFocused } = await open(
        database(`edit-${engine}`),
      );
      await stored({ key: "note", value: "first", lifetime: "1 minute" });
      await page.getByRole("button", { name: "Open note" }).click();
      assert.equal(await text(), "first");
      await dialog.getByRole("textbox", { name: "Value" }).fill("second, longer");
      await dialog.getByRole("button", { name: "Save" }).click();
      await says("Saved note, 14 B");
      await row("note").getByText("second, longer").waitFor();
      await row("note")
        .getByText(/^(59|60) s$|^1 min/)
        .waitFor();
      assert.ok(await isFocused(page.getByRole("button", { name: "Open note" })));

      await page.getByRole("button", { name: "Extend note" }).click();
      await choose(dialog, "1 hour");
      await dialog.getByRole("button", { name: "Set lifetime" }).click();
      await dialog.getByText(/expires in (1 h|59 min)/).waitFor();
      await page.keyboard.press("Escape");
      await row("note")
        .getByText(/^(1 h|59 min)/)
        .waitFor();

      await page.getByRole("button", { name: "Delete note" }).click();
      await says("Deleted note");
      await entries.getByText("Nothing on the shelf").waitFor();
      await button("Undo").click();
      await row("note").getByText("second, longer").waitFor();
      await row("note")
        .getByText(/^(1 h|59 min)/)
        .waitFor();
    });

    it("does not save over what somebody else stored meanwhile", async () => {
      const one = await open(database(`conflict-${engine}`));
      await one.stored({ key: "shared", value: "ours" });
      const other = await open(database(`conflict-${engine}`));
      await one.page.getByRole("button", { name: "Open shared" }).click();
      await one.dialog.getByRole("textbox", { name: "Value" }).fill("mine");
      await other.enter({ key: "shared", value: "theirs" });
      await one.dialog.getByText("Another value was stored meanwhile").waitFor();
      await one.dialog.getByRole("button", { name: "Save" }).click();
      await one.dialog.getByText("conflict").waitFor();
      await one.dialog.getByRole("button", { name: "Show it" }).click();
      assert.equal(await one.text(), "theirs");
    });
  });
}

const digest = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
