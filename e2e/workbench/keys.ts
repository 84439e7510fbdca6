import assert from "node:assert/strict";
import type { Page } from "playwright";

/** The keys of a page: `tabTo` goes on to the element with this name, as one does who cannot see where it is. */
export function keysOf(page: Page) {
  const press = (key: string): Promise<void> => page.keyboard.press(key);
  const tabTo = async (name: string): Promise<void> => {
    const seen: string[] = [];
    for (let steps = 0; steps < 80; steps++) {
      await press("Tab");
      seen.push(await focusedName(page));
      if (seen.at(-1) === name) return;
    }
    assert.fail(`Tab does not lead to "${name}", but to ${seen.join(", ")}`);
  };
  return { press, tabTo };
}

/** Reads the accessible name of what has the focus. */
export function focusedName(page: Page): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement as HTMLInputElement | null;
    const label = element?.labels?.[0]?.querySelector("span")?.textContent;
    const text = [...(element?.childNodes ?? [])].filter((node) => !(node as Element).ariaHidden);
    return (element?.getAttribute("aria-label") ?? label ?? text.map((node) => node.textContent).join("")).trim();
  });
}
