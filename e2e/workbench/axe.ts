import { readFile } from "node:fs/promises";
import { root } from "../../scripts/run.mjs";
import type { Page } from "../support/browser.ts";

const source = readFile(`${root}test/peers/node_modules/axe-core/axe.min.js`, "utf8");

interface Result {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary: string }[];
  }[];
}
type Axe = { run(context: Document, options: object): Promise<Result> };

/** Lists what axe finds to be in anybody's way on a page, as it is and in dark. */
export async function violations(page: Page): Promise<string[]> {
  const light = await violationsNow(page);
  await page.evaluate(setDark, true);
  // Colours are all that is other in dark.
  const dark = await violationsNow(page, { runOnly: ["color-contrast"] });
  await page.evaluate(setDark, false);
  return [...light, ...dark.map((line) => `in dark: ${line}`)];
}

/** Lists what axe finds to be in anybody's way on a page as it is. */
export async function violationsNow(page: Pick<Page, "evaluate">, options: object = {}): Promise<string[]> {
  // Run as a script of the driver's: the page's policy lets in no other.
  const text = await source;
  const load = Object.assign(() => {}, { toString: () => `() => { ${text}\n }` });
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(load);
  return page.evaluate(run, options);
}

async function run(options: object): Promise<string[]> {
  const { axe } = globalThis as unknown as { axe: Axe };
  const { violations } = await axe.run(document, { resultTypes: ["violations"], ...options });
  return violations.map(({ id, nodes }) => {
    const places = nodes.slice(0, 3).map(({ target }) => target.join(" "));
    return `${id} (${nodes.length}): ${places.join(", ")}: ${nodes[0]!.failureSummary.replace(/\s+/g, " ")}`;
  });
}

/** Puts the rules for dark in force whatever the machine prefers, which not every driver can say. */
function setDark(isDark: boolean): void {
  const scope = globalThis as { dark?: CSSMediaRule[] };
  scope.dark ??= [...document.styleSheets]
    .flatMap((sheet) => [...sheet.cssRules])
    .filter((rule) => rule instanceof CSSMediaRule && /dark/.test(rule.conditionText)) as CSSMediaRule[];
  for (const rule of scope.dark) rule.media.mediaText = isDark ? "all" : "(prefers-color-scheme: dark)";
  document.documentElement.style.colorScheme = isDark ? "dark" : "";
}
