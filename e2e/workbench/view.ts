import type { Locator, Page } from "playwright";

export interface Put {
  key: string;
  value: string;
  kind?: "Text" | "JSON";
  /** A label of the presets, or a number of seconds. */
  lifetime?: string | number;
}

/** The page as a person finds their way in it, whose parts go by roles and labels. */
export type View = ReturnType<typeof onPage>;

/** The page as a person finds their way in it: by roles and labels. */
export function onPage(page: Page) {
  const put = page.getByRole("region", { name: "Put a value" });
  const entries = page.getByRole("region", { name: "Entries" });
  const dialog = page.getByRole("dialog");
  const status = page.getByRole("status");
  const errors = page.getByRole("region", { name: "Errors" }).getByRole("listitem");

  const row = (key: string): Locator =>
    entries.getByRole("row").filter({ has: page.getByRole("button", { name: `Open ${key}`, exact: true }) });

  async function choose(form: Locator, lifetime: string | number): Promise<void> {
    const select = form.getByRole("combobox", { name: "Lifetime" });
    if (typeof lifetime === "string") return void (await select.selectOption({ label: lifetime }));
    await select.selectOption({ label: "custom…" });
    // By keys: Playwright's fill does not replace what a number field contains in Firefox.
    await form.getByRole("spinbutton", { name: "For" }).press("ControlOrMeta+a");
    await page.keyboard.type(String(lifetime));
    await form.getByRole("combobox", { name: "Unit" }).selectOption({ label: "seconds" });
  }

  async function enter({ key, value, kind = "Text", lifetime = "never expires" }: Put): Promise<void> {
    await put.getByRole("radio", { name: kind }).check();
    await put.getByRole("textbox", { name: "Key" }).fill(key);
    await put.getByRole("textbox", { name: "Value" }).fill(value);
    await choose(put, lifetime);
    await put.getByRole("button", { name: "Put" }).click();
  }

  return {
    put,
    entries,
    dialog,
    status,
    errors,
    row,
    choose,
    button: (name: string): Locator => page.getByRole("button", { name, exact: true }),
    search: entries.getByRole("searchbox", { name: "Search keys" }),
    match: entries.getByRole("combobox", { name: "Find keys that" }),
    configuration: page.getByRole("textbox", { name: "Configuration as JSON" }),
    log: page.getByRole("log"),
    /** Chooses what a narrow window shows. */
    show: async (view: string): Promise<void> =>
      page.getByRole("group", { name: "View" }).getByRole("radio", { name: view }).check(),
    store: (name: string): Locator => page.getByRole("group", { name: "Store" }).getByRole("radio", { name }),
    enter,
    async stored(item: Put): Promise<void> {
      await enter(item);
      await row(item.key).waitFor();
    },
    /** Waits for the words beside the title of the list. */
    counts: (words: string): Promise<void> => page.locator("#count").filter({ hasText: words }).waitFor(),
    async says(text: string | RegExp): Promise<void> {
      await status.filter({ hasText: text }).waitFor();
    },
    /** Stops the clock a second from now. From then on it goes when `page.clock` runs it. */
    async freeze(): Promise<void> {
      await page.clock.pauseAt((await page.evaluate(() => Date.now())) + 1000);
    },
    isFocused: (locator: Locator): Promise<boolean> => locator.evaluate((node) => node === document.activeElement),
    keys: (): Promise<string[]> => entries.getByRole("button", { name: /^Open / }).allInnerTexts(),
    text: (): Promise<string> => dialog.getByRole("textbox", { name: "Value" }).inputValue(),
  };
}
