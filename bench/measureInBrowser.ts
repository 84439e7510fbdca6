import { launch, type BrowserName } from "../e2e/drivers/launch.ts";
import { startServer } from "../e2e/server.ts";
import type { Bench, SuiteOptions } from "./bench.ts";

/** Runs the works that a page has for a suite, in a browser with a profile on disk. */
export async function measureInBrowser(suite: string, bench: Bench, options: SuiteOptions): Promise<void> {
  const name = (options.browser ?? "chromium") as BrowserName;
  const server = await startServer();
  const browser = await launch(name);
  try {
    const page = await browser.open(`${server.url}bench/browser/page.html`);
    bench.ranOn(`${name[0]!.toUpperCase()}${name.slice(1)} ${browser.version}`);
    const works = await page.evaluate((suite) => globalThis.bench.works(suite), suite);
    for (const { title, calls, share = 1, peers: all } of works) {
      const peers = all.filter((name) => options.peers?.some((part) => name.includes(part)) ?? true);
      if (!title.includes(options.only ?? "") || !peers.length) continue;
      const rates = new Map<string, number[]>(peers.map((peer) => [peer, []]));
      for (let round = 0; round < Math.max(3, Math.round(bench.rounds * share)); round++) {
        // Nobody is always first.
        for (let turn = 0; turn < peers.length; turn++) {
          const peer = peers[(turn + round) % peers.length]!;
          const took = await page.evaluate((...round) => globalThis.bench.round(...round), suite, title, peer, round);
          rates.get(peer)!.push((calls / took) * 1000);
        }
      }
      bench.note(title, calls, rates);
    }
  } finally {
    await browser.close();
    await server.close();
  }
}
