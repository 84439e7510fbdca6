import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, it } from "vitest";
import type { Page } from "playwright";
import { root } from "../../scripts/run.mjs";
import { remote } from "../../src/http/remote.ts";
import { inWorkbench } from "./driver.ts";

const number = 250;
let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "shelflife-transfer-"))));
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs the command, and returns what it printed. */
async function shelflife(...words: string[]): Promise<string> {
  return (await promisify(execFile)(process.execPath, [`${root}dist/cli.js`, ...words])).stdout;
}

/** The lines of an export that say something of an entry, sorted. */
const entriesOf = (text: string): string[] => text.split("\n").filter((line) => line.startsWith('{"key"')).sort(); // prettier-ignore

/** Holds back what is asked of the server, from now on, until it is given up. */
async function hold(page: Page): Promise<void> {
  await page.route("**/store/**", () => {});
}

inWorkbench("transfer in the workbench", (place) => {
  const { engine, open } = place;
  const urlOf = (): string => `${place.workbench.url}store`;

  it("imports what the command has exported, reports it key by key, and exports the same again", async () => {
    const { page, button, dialog, says, counts, enter, row, search } = await open("memory");
    const store = remote({ url: urlOf() });
    const values = Array.from({ length: number }, (_, index) =>
      index % 3 ? new TextEncoder().encode(`\ufeffvalue ${index} ☃`) : Uint8Array.of(255, index, 0),
    );
    await store.setMany(
      values.map((value, index) => [`${engine}/${index} "k"`, value, index % 2 ? { ttl: 3_600_000 } : {}]),
    );
    await store.close();
    const file = join(folder, `${engine}.jsonl`);
    await shelflife("export", "--url", urlOf(), "--prefix", `${engine}/`, "--output", file);
    const choose = (what: Parameters<ReturnType<Page["locator"]>["setInputFiles"]>[0]) =>
      page.locator("#import-file").setInputFiles(what);
    const close = () => dialog.getByRole("button", { name: "Close" }).click();

    await choose(file);
    await dialog.getByText("It has 250 entries.").waitFor();
    await dialog.getByRole("button", { name: "Import 250 entries" }).click();
    await dialog.getByText("250 entries were written.").waitFor();
    await close();
    await counts("250 entries");
    await enter({ key: `${engine}/0 "k"`, value: "another" });
    await row(`${engine}/0 "k"`).getByText("another").waitFor();

    // What is there stays, unless it is to be replaced.
    await choose(file);
    await dialog.getByRole("button", { name: "Import 250 entries" }).click();
    await dialog.getByText("1 was kept: the store has another value").waitFor();
    await dialog.getByRole("listitem").getByText(`${engine}/0 "k"`, { exact: true }).waitFor();
    await dialog.getByText("249 were there already.").waitFor();
    await close();
    await row(`${engine}/0 "k"`).getByText("another").waitFor();
    await choose(file);
    await dialog.getByRole("checkbox", { name: "Replace the values" }).check();
    await dialog.getByRole("button", { name: "Import 250 entries" }).click();
    await dialog.getByText("250 entries were written.").waitFor();
    await close();

    // Firefox is driven through a channel that cannot take downloads.
    const [download] = await Promise.all([
      engine === "chromium" && page.waitForEvent("download"),
      button("Export").first().click(),
    ]);
    await says(/Exported 250 entries to shelflife-[\d-]+\.jsonl/);
    if (download) {
      const path = await download.path();
      assert.deepEqual(JSON.parse(await shelflife("import", path, "--check", "--json")), {
        entries: number,
        expired: 0,
        damaged: 0,
        bytes: values.reduce((sum, { length }) => sum + length, 0),
      });
      assert.deepEqual(entriesOf(await readFile(path, "utf8")), entriesOf(await readFile(file, "utf8")));
    }
    await search.fill(`${engine}/24`);
    await counts("11 of 250 entries");
    await page.getByRole("checkbox", { name: "Select all" }).check();
    await page.getByRole("group", { name: "Selected entries" }).getByRole("button", { name: "Export" }).click();
    await says("Exported 11 entries");

    // A file that is not whole, and one that is none.
    const text = await readFile(file, "utf8");
    const lines = text.split("\n");
    const cut = Buffer.from([...lines.slice(0, 5), '{"key":"bad","text":1}', ""].join("\n"));
    await choose({ name: "cut.jsonl", mimeType: "text/plain", buffer: cut });
    await dialog.getByText("It was cut: its end is missing.").waitFor();
    await dialog.getByText("Line 6: expected the value as text or in base64").waitFor();
    await dialog.getByRole("button", { name: "Import what can be read" }).waitFor();
    await dialog.getByRole("button", { name: "Cancel" }).click();
    const changed = Buffer.from(text.replace("value 1", "value X"));
    await choose({ name: "changed.jsonl", mimeType: "text/plain", buffer: changed });
    await dialog.getByText("It was changed since it was written.").waitFor();
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await choose({ name: "list.jsonl", mimeType: "text/plain", buffer: Buffer.from("[]\n") });
    await page.getByText("Cannot read export: expected").waitFor();
  });
});

inWorkbench("transfer in the workbench", ({ engine, open }) => {
  it("reports what could not be written, and what had expired", async () => {
    const { page, dialog, row } = await open({ backend: "memory", parameters: { maxBytes: 1000 } });
    const lines = [
      { shelflife: "export", version: 1, prefix: "" },
      { key: "fits", text: "x" },
      { key: "large", text: "x".repeat(2000) },
      { key: "", text: "x" },
      { key: "old", text: "x", expiresAt: 1 },
    ];
    const buffer = Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    await page.locator("#import-file").setInputFiles({ name: "some.jsonl", mimeType: "text/plain", buffer });
    await dialog.getByRole("button", { name: "Import what can be read" }).click();
    await dialog.getByText("1 entry was written.").waitFor();
    await dialog.getByText("1 has expired since the export.").waitFor();
    await dialog.getByText("2 could not be written").waitFor();
    const items = dialog.getByRole("listitem");
    await items.filter({ hasText: /^large: Cannot store key "large": expected at most/ }).waitFor();
    await items.filter({ hasText: "Invalid key" }).waitFor();
    await dialog.getByRole("button", { name: "Close" }).click();
    await row("fits").waitFor();
  });

  it("stops an export and an import when it is asked to", async () => {
    const { page, button, stored, says, dialog, search } = await open("remote");
    await search.fill("stop-");
    await stored({ key: `stop-${engine}`, value: "here" });
    const job = page.getByRole("group", { name: "Progress" });
    await hold(page);
    await button("Export").click();
    await job.getByText("Exporting").waitFor();
    await button("Import…").waitFor();
    await job.getByRole("button", { name: "Cancel" }).click();
    await says("The export was stopped: no file was written");
    await job.waitFor({ state: "hidden" });
    const buffer = Buffer.from('{"shelflife":"export","version":1,"prefix":""}\n{"key":"a","text":"x"}\n');
    await page.locator("#import-file").setInputFiles({ name: "one.jsonl", mimeType: "text/plain", buffer });
    await dialog.getByRole("button", { name: "Import what can be read" }).click();
    await job.getByText("Importing").waitFor();
    await job.getByRole("button", { name: "Cancel" }).click();
    await dialog.getByText("It was stopped before its end.").waitFor();
    await dialog.getByText("0 entries were written.").waitFor();
  });
});
