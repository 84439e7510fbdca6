import type { Page } from "playwright";

/** Lists visible text whose contrast with its background is below 4.5 to 1 (WCAG 2.2, AA). */
export function faint(page: Page): Promise<string[]> {
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
