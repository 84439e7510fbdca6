import { launch } from "../e2e/support/launch.ts";
import type { BrowserName } from "../e2e/support/browser.ts";
import { startServer } from "../e2e/support/server.ts";
import type { Bench, SuiteOptions } from "./bench.ts";
import { inTurn } from "./peer.ts";

// So that a suite ends on a machine that is slow, too: once a work has taken so long, it gets no further round.
const fewestRounds = 3;
const longestWork = 30_000;
// Below what some browsers' clocks can measure: ms.
const shortest = 0.05;

const engines: Readonly<Record<BrowserName, string>> = { chromium: "Chromium", firefox: "Firefox", webkit: "WebKit" };

// A Firefox that is driven notes the stack at each promise, which takes three times as long as the promise. One that nobody drives does
// not, and was measured to be as fast as one that is driven with this.
const asUsersHaveIt = { preferences: { "javascript.options.asyncstack": false } };

/** Runs the works that a page has for a suite, in a browser with a profile on disk. */
export async function measureInBrowser(suite: string, bench: Bench, options: SuiteOptions): Promise<void> {
  const name = (options.browser ?? "chromium") as BrowserName;
  const server = await startServer();
  const browser = await launch(name, name === "firefox" ? asUsersHaveIt : {});
  try {
    const page = await browser.open(`${server.url}bench/browser/page.html`);
    bench.ranOn(`${engines[name]} ${browser.version}`);
    const works = await page.evaluate((suite) => globalThis.bench.works(suite), suite);
    for (const { title, calls, share = 1, fewer = {}, peers: all } of works) {
      const peers = bench.wanted(all.map((name) => ({ name }))).map(({ name }) => name);
      if (!bench.isWanted(title) || !peers.length) continue;
      const rates = new Map<string, number[]>(peers.map((peer) => [peer, []]));
      const rounds = Math.max(Math.min(fewestRounds, bench.rounds), Math.round(bench.rounds * share));
      const since = performance.now();
      for (let round = 0; round < rounds; round++) {
        if (round >= fewestRounds && performance.now() - since > longestWork) break;
        for (const peer of inTurn(peers, round).filter((peer) => rates.has(peer))) {
          try {
            const took = await page.evaluate((...round) => globalThis.bench.round(...round), suite, title, peer, round);
            rates.get(peer)!.push(((fewer[peer] ?? calls) / Math.max(took, shortest)) * 1000);
          } catch (error) {
            rates.delete(peer);
            bench.leaveOut(peer, error);
          }
        }
      }
      bench.note(title, calls, rates, { fewer });
    }
  } finally {
    await browser.close();
    await server.close();
  }
}
