import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "vitest";
import { launch } from "../support/launch.ts";
import type { PlaywrightBrowser } from "../support/playwright.ts";
import { database, inWorkbench, type Engine } from "./driver.ts";

let profile: string | undefined;
let browser: PlaywrightBrowser | undefined;

async function start(engine: Engine): Promise<PlaywrightBrowser> {
  profile ??= await mkdtemp(join(tmpdir(), `shelflife-profile-${engine}-`));
  return (browser ??= (await launch(engine, { profile })) as PlaywrightBrowser);
}

async function quit(): Promise<void> {
  await browser?.close();
  browser = undefined;
}

async function end(): Promise<void> {
  await quit();
  if (profile) await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  profile = undefined;
}

inWorkbench(
  "stores of the workbench",
  ({ open, close }) => {
    it("keeps values and deadlines over a reload and a restart of the browser", async () => {
      const first = await open(database("survives"));
      await first.stored({ key: "kept", value: "for an hour", lifetime: "1 hour" });
      await first.stored({ key: "brief", value: "for seconds", lifetime: 600 });
      await first.page.reload();
      await first.row("kept").getByText("for an hour").waitFor();
      await first
        .row("brief")
        .getByText(/^(10|9) min/)
        .waitFor();
      await close();
      await quit();
      const second = await open(database("survives"));
      // The clock of this profile, which nobody uses afterwards.
      await second.page.clock.install();
      await second.page.reload();
      await second
        .row("kept")
        .getByText(/^(59|5\d) min/)
        .waitFor();
      await second
        .row("brief")
        .getByText(/^\d min/)
        .waitFor();
      await second.freeze();
      await second.page.clock.fastForward(600_000);
      await second.page.clock.runFor(1000);
      await second.row("brief").waitFor({ state: "detached" });
      await second
        .row("kept")
        .getByText(/^4\d min/)
        .waitFor();
    });
  },
  { start, end },
);
