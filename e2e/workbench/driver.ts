import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Locator, Page } from "playwright";
import { launch } from "../support/launch.ts";
import type { LaunchOptions } from "../support/browser.ts";
import type { PlaywrightBrowser, PlaywrightPage } from "../support/playwright.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** A workbench of its own: its server, on a free port, with an SQLite file in a temporary folder. */
export interface Workbench {
  readonly url: string;
  /** Ends the server as a person would by Ctrl+C, and resolves with its exit code. The folder stays. */
  stop(): Promise<number | null>;
  /** Starts the server again, at the same address. */
  start(): Promise<void>;
  /** Ends the server and removes the folder. */
  remove(): Promise<void>;
}

export async function startWorkbench(): Promise<Workbench> {
  const data = await mkdtemp(join(tmpdir(), "shelflife-workbench-"));
  let child: ChildProcess;
  let url = "";
  // A run that is interrupted leaves no server behind.
  process.once("exit", () => child?.kill());

  async function start(): Promise<void> {
    const port = url ? new URL(url).port : "0";
    const script = "examples/workbench/server.mjs";
    const flags = ["--disable-warning=ExperimentalWarning", script, "--port", port, "--data", data];
    child = spawn(process.execPath, flags, { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
    // A run in which no test of a file is wanted ends without its hooks.
    child.unref();
    (child.stdout as Socket).unref();
    let printed = "";
    child.stdout!.setEncoding("utf8").on("data", (text: string) => (printed += text));
    await until("the server prints its address", () => {
      assert.equal(child.exitCode, null, "the server ended");
      return /http:\S+/.test(printed);
    });
    url = /http:\S+/.exec(printed)![0];
  }

  async function stop(): Promise<number | null> {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    child.ref();
    child.kill("SIGINT");
    return ended;
  }

  await start();
  return {
    get url() {
      return url;
    },
    start,
    stop,
    async remove() {
      await stop();
      await rm(data, { recursive: true, force: true });
    },
  };
}

export type Engine = "chromium" | "firefox";

/** Starts a browser with a profile on disk, whose pages can be driven by what they show. */
export async function startBrowser(engine: Engine, options?: LaunchOptions): Promise<PlaywrightBrowser> {
  const browser = (await launch(engine, options)) as PlaywrightBrowser;
  browser.context.setDefaultTimeout(15_000);
  return browser;
}

/** Waits until a condition holds, and fails with its name when it does not in time. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, ms = 15_000): Promise<void> {
  for (const end = Date.now() + ms; !(await holds());) {
    if (Date.now() > end) assert.fail(`Not within ${ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

export interface Put {
  key: string;
  value: string;
  kind?: "Text" | "JSON";
  /** A label of the presets, or a number of seconds. */
  lifetime?: string | number;
}

/** Opens tabs of a workbench, and checks at the end that none of them had anything to complain of. */
export function createTabs(workbench: () => Workbench, browser: () => PlaywrightBrowser) {
  let opened: PlaywrightPage[] = [];
  return {
    /** Opens a tab with a store: the name of a choice, or a configuration of its own. */
    async open(config: string | object): Promise<{ page: Page } & ReturnType<typeof onPage>> {
      const hash = typeof config === "string" ? config : encodeURIComponent(JSON.stringify(config));
      const tab = await browser().open(`${workbench().url}#${hash}`);
      opened.push(tab);
      await tab.page.getByText("live", { exact: true }).waitFor();
      return { page: tab.page, ...onPage(tab.page) };
    },
    async close(expected?: RegExp): Promise<void> {
      const errors = opened.flatMap((tab) => tab.errors).filter((error) => !expected?.test(error));
      await Promise.all(opened.map((tab) => tab.close()));
      opened = [];
      assert.deepEqual(errors, []);
    },
  };
}

/** The configuration of an IndexedDB store that a test has for itself. */
export const database = (name: string): object => ({ backend: "indexeddb", parameters: { database: name } });

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
    filter: entries.getByRole("searchbox", { name: "Filter by prefix" }),
    configuration: page.getByRole("textbox", { name: "Configuration as JSON" }),
    log: page.getByRole("log"),
    store: (name: string): Locator => page.getByRole("group", { name: "Store" }).getByRole("radio", { name }),
    enter,
    async stored(item: Put): Promise<void> {
      await enter(item);
      await row(item.key).waitFor();
    },
    async says(text: string | RegExp): Promise<void> {
      await status.filter({ hasText: text }).waitFor();
    },
    isFocused: (locator: Locator): Promise<boolean> => locator.evaluate((node) => node === document.activeElement),
    keys: (): Promise<string[]> => entries.getByRole("button", { name: /^Open / }).allInnerTexts(),
    text: (): Promise<string> => dialog.getByRole("textbox", { name: "Value" }).inputValue(),
  };
}
