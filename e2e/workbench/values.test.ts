import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { it } from "vitest";
import { until } from "../../test/support/until.ts";
import { database, inWorkbench } from "./driver.ts";

inWorkbench("workbench", ({ engine, open, openWithClock }) => {
  it("counts a value's lifetime down and takes it away at its deadline", async () => {
    const { page, enter, stored, row, status, entries, freeze } = await openWithClock("memory");
    await stored({ key: "stays", value: "here" });
    await enter({ key: "greeting", value: "Hello", lifetime: 30 });
    await row("greeting").waitFor();
    assert.match(await status.innerText(), /^Stored greeting for 30 seconds, 5 B/);
    await freeze();
    const cells = entries.getByRole("row").filter({ hasText: "greeting" }).getByRole("cell");
    const left = async () => (await cells.allInnerTexts()).map((text) => /^(\d+) s$/.exec(text)?.[1]).find(Boolean);
    await page.clock.runFor(1000);
    // It counts each second down to the last, and goes with that.
    for (let seconds = Number(await left()); seconds > 0; seconds--) {
      assert.equal(await left(), String(seconds));
      await page.clock.runFor(1000);
    }
    await row("greeting").waitFor({ state: "detached" });
    assert.equal(await row("stays").getByRole("cell", { name: "never" }).count(), 1);
    await page.getByRole("button", { name: "Open stays" }).click();
  });

  it("distinguishes text, JSON, images and other bytes and shows their sizes", async () => {
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
    await put.getByRole("button", { name: "Put 2 files, 1." }).click();
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
    await until(() => image.evaluate((node) => (node as HTMLImageElement).naturalWidth === 40));
  });

  it("gives a dropped file back byte for byte", async () => {
    const { page, put, row, dialog } = await open(database(`drop-${engine}`));
    const size = 300_000;
    await page.evaluate((size) => {
      const bytes = new Uint8Array(size).map((_, index) => (index * index) % 251);
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([bytes], "a photo.raw"));
      for (const type of ["dragenter", "dragover", "drop"]) {
        document.body.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
      }
    }, size);
    assert.equal(await put.getByRole("textbox", { name: "Key of a photo.raw" }).inputValue(), "a photo.raw");
    await put.getByRole("button", { name: "Put 1 file, 300 kB" }).click();
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
      // As text, in which the test runner does not replace the import.
      const found = await page.evaluate<string>(`(async () => {
        const { open } = await import(new URL("/dist/shelflife.min.js", location.href).href);
        const store = await open(JSON.parse(decodeURIComponent(location.hash.slice(1))));
        const value = await store.get("a photo.raw");
        await store.close();
        return Array.from(value).join();
      })()`);
      assert.equal(digest(Buffer.from(found.split(",").map(Number))), digest(wanted));
    }
  });
});

const digest = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
