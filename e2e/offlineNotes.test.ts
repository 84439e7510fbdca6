// Uses the notes of examples/offline-notes as a person does, on two devices: each a context of the browser with storage of its own.
import assert from "node:assert/strict";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { BrowserContext, Page } from "playwright";
import { test, type TestContext } from "vitest";
import { runtimes } from "../scripts/runtimes.mjs";
import { besidePackage, start } from "./support/installed.ts";
import type { PlaywrightBrowser } from "./support/playwright.ts";
import { sharedBrowser } from "./support/shared.ts";
import { faint } from "./workbench/contrast.ts";

const source = fileURLToPath(new URL("../examples/offline-notes", import.meta.url));
const folder = await besidePackage("offline-notes", (folder) => cp(source, folder, { recursive: true }));

/** Starts the example's server, with an empty database that goes with the test. */
async function serveNotes(t: TestContext): Promise<string> {
  const data = await mkdtemp(join(tmpdir(), "shelflife-notes-"));
  t.onTestFinished(() => rm(data, { recursive: true, force: true }));
  const program = start(t, [...runtimes.node24, "server.mjs", "--port", "0", "--data", data], folder);
  const [, port] = await program.printed(/http:\S+:(\d+)/);
  return `http://localhost:${port}/`;
}

/** The page as a person finds their way in it. */
function onPage(page: Page) {
  const title = page.getByRole("textbox", { name: "Title" });
  const text = page.getByRole("textbox", { name: "Text" });
  const note = (name: string) => page.getByRole("link").filter({ hasText: name });
  return {
    page,
    title,
    text,
    note,
    cut: page.getByRole("switch", { name: "Go offline" }),
    choice: page.getByRole("region", { name: "Which one do you want to keep?" }),
    button: (name: string) => page.getByRole("button", { name, exact: true }),
    /** Writes a note, and waits until it is stored, from where the list is read. */
    async write(name: string, words: string): Promise<void> {
      await page.getByRole("button", { name: "New note" }).click();
      await title.fill(name);
      await text.fill(words);
      await note(name).filter({ hasText: words }).waitFor();
    },
    says: (words: string | RegExp) => page.getByRole("status").filter({ hasText: words }).waitFor(),
    /** Waits for words in the open note. */
    reads: (words: string) =>
      page.waitForFunction(
        (words) => document.querySelector<HTMLTextAreaElement>("textarea")!.value.includes(words),
        words,
      ),
  };
}

type Device = ReturnType<typeof onPage> & { readonly context: BrowserContext };

/** Opens a device, whose page has nothing to complain of but that it has no network. */
async function openDevice(t: TestContext, url: string): Promise<Device> {
  const browser = (await sharedBrowser("chromium")) as PlaywrightBrowser;
  const context = await browser.context.browser()!.newContext();
  const page = await context.newPage();
  const said: string[] = [];
  page.on("pageerror", (error) => void said.push(String(error)));
  page.on("console", (message) => void said.push(message.text()));
  t.onTestFinished(async () => {
    await context.close();
    assert.deepEqual(
      said.filter((words) => !words.includes("ERR_INTERNET_DISCONNECTED")),
      [],
    );
  });
  await page.goto(url);
  const device = onPage(page);
  await device.says("All changes saved on the server");
  await page.evaluate(async () => void (await navigator.serviceWorker.ready));
  return { ...device, context };
}

test("a note is written without a network, outlasts a reload, and is on the other device afterwards", async (t) => {
  const url = await serveNotes(t);
  const [one, other] = [await openDevice(t, url), await openDevice(t, url)];
  await other.page.getByText("No notes yet").waitFor();
  await one.write("Packing list", "A tent");
  await other.note("Packing list").click();
  await other.reads("A tent");
  await other.text.fill("A tent and a stove");
  await one.reads("a stove");

  await one.context.setOffline(true);
  await one.write("In the tunnel", "No network");
  await one.says("1 note waits for the network");
  await one.page.reload();
  await one.says("1 note waits for the network");
  await one.note("Packing list").click();
  await one.reads("A tent and a stove");
  assert.equal(await other.note("In the tunnel").count(), 0);

  await one.context.setOffline(false);
  await other.note("In the tunnel").click();
  await other.reads("No network");
  await one.says("All changes saved on the server");
});

test("what two devices changed is merged, or both are shown and one is chosen", async (t) => {
  const url = await serveNotes(t);
  const [one, other] = [await openDevice(t, url), await openDevice(t, url)];
  await one.write("Bread", "Flour, water");
  await other.note("Bread").click();
  await other.reads("Flour, water");

  await one.cut.check();
  await one.text.fill("Rye flour, water");
  await one.says("1 note waits for the network");
  await other.text.fill("Flour, water, salt");
  await other.says("All changes saved on the server");
  await one.cut.uncheck();
  await one.reads("Rye flour, water, salt");
  await other.reads("Rye flour, water, salt");

  for (const [kept, words] of [
    ["Keep mine", "barley"],
    ["Keep theirs", "oats"],
  ] as const) {
    await one.cut.check();
    await one.text.fill("With barley");
    await one.says("1 note waits for the network");
    await other.text.fill("With oats");
    await other.says("All changes saved on the server");
    await one.cut.uncheck();
    await one.choice.getByRole("article", { name: "Mine" }).getByText("With barley").waitFor();
    await one.choice.getByRole("article", { name: "Theirs" }).getByText("With oats").waitFor();
    await one.note("Two versions").waitFor();
    await one.button(kept).click();
    await one.choice.waitFor({ state: "hidden" });
    await one.reads(words);
    await other.reads(words);
    await one.says("All changes saved on the server");
    await one.text.fill("Another bread");
    await other.reads("Another bread");
  }
});

test("the service worker brings what waits to the server when no page is open", async (t) => {
  const url = await serveNotes(t);
  const [one, other] = [await openDevice(t, url), await openDevice(t, url)];
  const worker = await one.context.newCDPSession(one.page);
  const registered = new Promise<string>((resolve) =>
    worker.on("ServiceWorker.workerRegistrationUpdated", ({ registrations: [first] }) => {
      if (first) resolve(first.registrationId);
    }),
  );
  await worker.send("ServiceWorker.enable");
  const registrationId = await registered;
  await one.cut.check();
  await one.write("Left behind", "A note that waits");
  await one.says("1 note waits for the network");
  await one.page.goto("about:blank");
  // As the browser does when it has a network again.
  const event = { origin: url.slice(0, -1), registrationId, tag: "notes/", lastChance: false };
  await worker.send("ServiceWorker.dispatchSyncEvent", event);
  await other.note("Left behind").click();
  await other.reads("A note that waits");
});

test("all can be done by keys, and read in a narrow window, dark or light", async (t) => {
  const url = await serveNotes(t);
  const { page, note, title, text, button, cut, says } = await openDevice(t, url);
  /** Waits until the link of a note has the focus. */
  const focused = (words: string) => note(words).and(page.locator(":focus")).waitFor();
  for (const name of ["First", "Second"]) {
    await button("New note").press("Enter");
    await page.keyboard.type(name);
    await page.keyboard.press("Enter");
    await page.keyboard.insertText(`${"long ".repeat(40)}${"w".repeat(200)}`);
    await page.keyboard.press("Escape");
    await focused(name);
  }
  await page.keyboard.press("ArrowDown");
  await focused("First");
  await page.keyboard.press("Enter");
  await title
    .and(page.locator(":focus"))
    .or(text.and(page.locator(":focus")))
    .waitFor();
  await button("Delete").press("Enter");
  await note("First").waitFor({ state: "detached" });
  await focused("Second");
  await button("Undo").press("Enter");
  await note("First").waitFor();
  await cut.press("Space");
  await says(/Offline|waits for the network/);

  await page.setViewportSize({ width: 320, height: 640 });
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    for (const link of [page.getByRole("link", { name: "All notes" }), note("First")]) {
      await link.click();
      assert.deepEqual(await faint(page), []);
      assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 320);
    }
  }
});
