// Runs the Cases in a browser, on the built bundles, and prints what came of them.
//   node e2e/cases/main.ts <chromium | firefox | webkit> <page-esm | page-umd | worker | serviceWorker> [part of a subject's name]
import { launch } from "../support/launch.ts";
import type { BrowserName } from "../support/browser.ts";
import { memory } from "shelflife";
import { handler } from "shelflife/http/handler";
import { storeServer, storesPath } from "../../test/support/storeServer.ts";
import { summary } from "../../test/support/runCases.ts";
import { startServer } from "../support/server.ts";

const [name, place, filter = ""] = process.argv.slice(2);
const [where, bundle] = place!.split("-");
const server = await startServer({ [storesPath]: storeServer(memory, handler) });
const browser = await launch(name as BrowserName);
let result: RegExpExecArray | null = null;
let errors = 0;
try {
  console.log(`${browser.name} ${browser.version}`);
  const query = new URLSearchParams({ where: where!, ...(bundle && { bundle }), filter });
  const page = await browser.open(`${server.url}e2e/cases/page.html?${query}`);
  for (let seen = 0; !result; await new Promise((resolve) => setTimeout(resolve, 200))) {
    const fresh = await page.evaluate((from) => (globalThis as { lines?: string[] }).lines?.slice(from) ?? [], seen);
    seen += fresh.length;
    for (const error of page.errors.splice(0)) {
      console.log(`  not ok ${error}`);
      errors++;
    }
    for (const line of fresh) {
      result ??= /^(\d+) passed, (\d+) failed$/.exec(line);
      if (!result) console.log(line);
    }
  }
} finally {
  await browser.close();
  await server.close();
}
const count = { passed: Number(result[1]), failed: Number(result[2]) + errors };
console.log(summary(count));
process.exitCode = count.failed > 0 ? 1 : 0;
