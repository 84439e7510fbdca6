import assert from "node:assert/strict";
import { afterAll, afterEach, beforeAll, describe, it } from "vitest";
import type { Page } from "playwright";
import type { PlaywrightBrowser } from "../support/playwright.ts";
import { createTabs, database, startBrowser, startWorkbench, type Workbench } from "./driver.ts";

let workbench: Workbench;
beforeAll(async () => (workbench = await startWorkbench()));
afterAll(() => workbench?.remove());

for (const engine of ["chromium", "firefox"] as const) {
  describe(`access to the workbench in ${engine}`, { timeout: 300_000 }, () => {
    let browser: PlaywrightBrowser;
    const tabs = createTabs(
      () => workbench,
      () => browser,
    );
    const { open } = tabs;

    beforeAll(async () => (browser = await startBrowser(engine)));
    afterAll(() => browser?.close());
    afterEach(() => tabs.close());

    it("does everything by keyboard", async () => {
      const { page, row, says, dialog, isFocused, entries, put, button, text } = await open(database(`keys-${engine}`));
      const press = (key: string) => page.keyboard.press(key);
      /** Tabs on to the element with this name, as one does who cannot see where it is. */
      const tabTo = async (name: string) => {
        for (let steps = 0; steps < 60; steps++) {
          await press("Tab");
          if ((await focusedName(page)) === name) return;
        }
        assert.fail(`Tab does not lead to "${name}"`);
      };
      await page.locator("body").press("Tab");
      assert.equal(await focusedName(page), "Skip to the entries");
      await tabTo("Key");
      await page.keyboard.type("first");
      await tabTo("Value");
      await page.keyboard.type("by keyboard");
      await tabTo("Lifetime");
      await page.keyboard.type("1 hour");
      await tabTo("Put");
      await press("Enter");
      await says("Stored first for 1 hour");
      assert.ok(await isFocused(put.getByRole("textbox", { name: "Key" })));
      await page.keyboard.type("second");
      await tabTo("Value");
      await page.keyboard.type("too");
      await press("Control+Enter");
      await row("second").waitFor();

      await tabTo("Open first");
      await press("ArrowDown");
      assert.equal(await focusedName(page), "Open second");
      await press("Home");
      await press("Enter");
      await dialog.waitFor();
      assert.equal(await text(), "by keyboard");
      await press("Control+a");
      await page.keyboard.type("edited by keyboard");
      await press("Control+Enter");
      await dialog.waitFor({ state: "hidden" });
      await row("first").getByText("edited by keyboard").waitFor();
      assert.equal(await focusedName(page), "Open first");

      await press("Delete");
      await says("Deleted first");
      await row("first").waitFor({ state: "detached" });
      assert.equal(await focusedName(page), "Open second");
      await tabTo("Undo");
      await press("Enter");
      await row("first").waitFor();
      assert.equal(await focusedName(page), "Open first");

      await button("Clear…").focus();
      await press("Enter");
      await tabTo("Clear");
      await press("Enter");
      await entries.getByText("Nothing on the shelf").waitFor();
    });

    it("has nothing to scroll sideways in a window of 320 pixels", async () => {
      const { page, stored, button, enter, dialog, errors, row } = await open(database(`narrow-${engine}`));
      await page.setViewportSize({ width: 320, height: 640 });
      const fits = async (what: string) => {
        const [content, room] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth] as const);
        assert.ok(content <= room, `${what}: ${content} px in ${room}`);
      };
      await fits("empty");
      const key = `a/key/${"that-goes-on-and-on-".repeat(8)}`;
      await stored({ key, value: "w".repeat(2000) });
      await button("Put 1,000 samples").click();
      await row("sample/01/0001").waitFor();
      await fits("full");
      await enter({ key: "", value: "x".repeat(500), kind: "JSON" });
      await errors.first().waitFor();
      await fits("with an error");
      await page.getByRole("button", { name: `Open ${key}`, exact: true }).click();
      await dialog.waitFor();
      await fits("with a dialog");
      const box = await dialog.boundingBox();
      assert.ok(box && box.x >= 0 && box.x + box.width <= 320, "the dialog is within the window");
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "Extend sample/01/0001" }).click();
      await dialog.getByRole("combobox", { name: "Lifetime" }).selectOption({ label: "custom…" });
      await fits("with a lifetime of one's own");
    });

    for (const colorScheme of ["light", "dark"] as const) {
      it(`has text of good contrast in ${colorScheme}`, async () => {
        const { page, button, enter, errors, configuration, dialog, row } = await open("memory");
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        await button("Put 1,000 samples").click();
        await enter({ key: "a soon", value: "x", lifetime: 59 });
        await enter({ key: "a now", value: "{", kind: "JSON", lifetime: 9 });
        await configuration.fill('{ "backend": "memory", "parameters": { "maxEntries": 0, "x": 1 } }');
        await button("Open store").click();
        await errors.first().waitFor();
        // Last, so that it has not expired by the time one looks.
        await enter({ key: "a now", value: "{}", kind: "JSON", lifetime: 9 });
        await row("a now").waitFor();
        assert.deepEqual(await faint(page), []);
        await page.getByRole("button", { name: "Open a soon" }).click();
        await dialog.waitFor();
        assert.deepEqual(await faint(page), []);
      });
    }

    it("does not move while it counts down", async () => {
      const { page, stored, row } = await open("memory");
      await stored({ key: "a", value: "x", lifetime: 12 });
      await stored({ key: "b", value: "x", lifetime: "10 minutes" });
      const places = () =>
        page.evaluate(() =>
          JSON.stringify([...document.querySelectorAll("th, td")].map((cell) => cell.getBoundingClientRect())),
        );
      const before = await places();
      await row("a").getByText(/^9 s$/).waitFor();
      assert.equal(await places(), before);
    });
  });
}

/** Reads the accessible name of what has the focus. */
function focusedName(page: Page): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement as HTMLInputElement | null;
    const label = element?.labels?.[0]?.querySelector("span")?.textContent;
    return (element?.getAttribute("aria-label") ?? label ?? element?.textContent ?? "").trim();
  });
}

/** Lists visible text whose contrast with its background is below 4.5 to 1 (WCAG 2.2, AA). */
function faint(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true })!;
    const over = (colors: string[]): number[] => {
      canvas.clearRect(0, 0, 1, 1);
      for (const color of colors) {
        canvas.fillStyle = color;
        canvas.fillRect(0, 0, 1, 1);
      }
      return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const luminance = (rgb: number[]): number => {
      const [r, g, b] = rgb.map((value) => {
        const share = value / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
    };
    const found: string[] = [];
    const scope = document.querySelector("dialog[open]") ?? document.body;
    const walker = document.createTreeWalker(scope, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const element = walker.currentNode.parentElement!;
      const text = walker.currentNode.textContent!.trim();
      if (!text || !element.checkVisibility() || element.closest("option, script, noscript, .hidden-text")) continue;
      const backgrounds: string[] = [];
      for (let node: Element | null = element; node; node = node.parentElement) {
        backgrounds.unshift(getComputedStyle(node).backgroundColor);
      }
      const ground = over(backgrounds);
      const ink = over([...backgrounds, getComputedStyle(element).color]);
      const [light, dark] = [luminance(ground), luminance(ink)].sort((a, b) => b - a);
      const contrast = (light! + 0.05) / (dark! + 0.05);
      if (contrast < 4.5) found.push(`${contrast.toFixed(2)} "${text.slice(0, 40)}"`);
    }
    return found;
  });
}
