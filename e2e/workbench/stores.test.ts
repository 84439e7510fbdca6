import assert from "node:assert/strict";
import { it } from "vitest";
import { until } from "../../test/support/until.ts";
import { inWorkbench } from "./driver.ts";

inWorkbench("stores of the workbench", (place) => {
  const { engine, open } = place;

  for (const [name, config] of Object.entries({
    IndexedDB: "indexeddb",
    localStorage: "localstorage",
    Remote: "remote",
  })) {
    it(`shows in one tab what another does in ${name}`, async () => {
      const one = await open(config);
      const other = await open(config);
      const key = `shared-${engine}`;
      await one.stored({ key, value: "first", lifetime: "10 minutes" });
      await other.row(key).getByText("first").waitFor();
      await other.log.getByRole("listitem").filter({ hasText: key }).filter({ hasText: "set" }).waitFor();
      await other.enter({ key, value: "second" });
      await one.row(key).getByText("second").waitFor();
      await one.row(key).getByText("never").waitFor();
      await one.page.getByRole("button", { name: `Open ${key}`, exact: true }).click();
      // Open by now: what goes while it is still being read is not opened.
      await one.dialog.waitFor();
      await other.page.getByRole("button", { name: `Delete ${key}`, exact: true }).click();
      await one.dialog.getByText("has expired or was deleted").waitFor();
      await one.page.keyboard.press("Escape");
      await one.row(key).waitFor({ state: "detached" });
      await one.log.getByRole("listitem").filter({ hasText: key }).filter({ hasText: "delete" }).waitFor();
    });
  }

  it("keeps each store apart when one switches between them", async () => {
    const { page, store, stored, row, entries, configuration, says } = await open("memory");
    const key = `where-${engine}`;
    await stored({ key, value: "memory" });
    const usage = page.getByRole("region", { name: "Usage" }).getByRole("term");
    for (const [name, backend, used] of [
      ["IndexedDB", "indexeddb", "This site,Durability"],
      ["localStorage", "localstorage", "localStorage"],
      ["sessionStorage", "sessionstorage", "sessionStorage"],
      ["Remote", "http", "On the server"],
    ] as const) {
      await store(name).check();
      await says(`Opened ${backend}`);
      // Of no other medium than its own.
      await until(async () => String(await usage.allInnerTexts()) === used);
      assert.equal(JSON.parse(await configuration.inputValue()).backend, backend);
      await row(key).waitFor({ state: "detached" });
      await stored({ key, value: name });
    }
    for (const name of ["sessionStorage", "localStorage", "IndexedDB", "Remote"]) {
      await store(name).check();
      await row(key).getByText(name, { exact: true }).waitFor();
    }
    await page.reload();
    await row(key).getByText("Remote", { exact: true }).waitFor();
    await store("sessionStorage").check();
    await row(key).getByText("sessionStorage", { exact: true }).waitFor();
    await page.reload();
    await row(key).getByText("sessionStorage", { exact: true }).waitFor();
    await store("Memory").check();
    await entries.getByText("Nothing on the shelf").waitFor();
    await entries.getByText("gone on reload").waitFor();
  });

  it("says that the server is away, and goes on when it is back", async () => {
    const { page, stored, enter, row, errors } = await open("remote");
    const [before, after] = [`before-${engine}`, `after-${engine}`];
    await stored({ key: before, value: "kept by the server" });
    await row(before).getByText("kept by the server").waitFor();
    assert.equal(await place.workbench.stop(), 0);
    await page.getByText("not live", { exact: true }).waitFor();
    await enter({ key: after, value: "lost" });
    await errors.filter({ hasText: "unavailable" }).first().waitFor();
    await row(before).getByText("kept by the server").waitFor();
    await place.workbench.start();
    await page.getByText("live", { exact: true }).waitFor();
    await stored({ key: after, value: "arrived" });
    await row(before).getByText("kept by the server").waitFor();
    // The browser itself complains of requests that get no answer.
    await place.close(/Failed to load|ERR_|NetworkError|Cross-Origin Request|status code: \(null\)/);
  });
});
