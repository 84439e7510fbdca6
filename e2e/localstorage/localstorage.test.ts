import assert from "node:assert/strict";
import { afterAll, test } from "vitest";
import { launch } from "../support/launch.ts";
import type { Browser, BrowserName, Page } from "../support/browser.ts";
import type { tab as Tab } from "./page.ts";
import { startServer } from "../support/server.ts";
import { step } from "../support/step.ts";

type Tab = typeof Tab;
type Call = <Name extends keyof Tab>(name: Name, ...args: Parameters<Tab[Name]>) => Promise<Awaited<ReturnType<Tab[Name]>>>; // prettier-ignore

const server = await startServer();
const url = `${server.url}e2e/localstorage/page.html`;
// The same server as another origin.
const elsewhere = server.url.replace("localhost", "127.0.0.1");
afterAll(() => server.close());

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
const sorted = (numbers: number[]): number[] => numbers.sort((a, b) => a - b);

function callsOf(page: Page): Call {
  return (name, ...args) =>
    page.evaluate(
      async (name, args) => {
        const scope = globalThis as unknown as { tab?: Record<string, (...args: unknown[]) => unknown> };
        while (!scope.tab) await new Promise((resolve) => setTimeout(resolve, 10));
        return (await scope.tab[name]!(...args)) as never;
      },
      name,
      args,
    );
}

async function openTab(browser: Browser, address = url): Promise<{ page: Page; call: Call }> {
  const page = await browser.open(address);
  return { page, call: callsOf(page) };
}

for (const name of ["chromium", "firefox", "webkit"] satisfies BrowserName[]) {
  test(name, { timeout: 400_000 }, async (t) => {
    const browser = await launch(name);
    t.onTestFinished(() => browser.close());
    const [one, two] = [await openTab(browser), await openTab(browser)];
    assert.ok(await one.call("isSecure"));

    if (name === "chromium") {
      await step("the two tabs are two processes", async () => {
        const stops = two.call("longestStop", 1000);
        await one.call("block", 700);
        assert.ok((await stops) < 400, "a blocked tab blocks the other");
      });
    }

    for (const how of ["awaited", "apart", "at once"] as const) {
      await step(`two tabs that count 500 each, ${how}, lose none`, async () => {
        for (const round of upTo(2)) {
          const prefix = `count ${how} ${round}:`;
          const beginsAt = Date.now() + 500;
          // Begun and not awaited, since WebKit's driver talks to one tab at a time.
          for (const tab of [one, two]) await tab.call("count", prefix, how, 500, beginsAt);
          const [first, second] = [await one.call("counted"), await two.call("counted")];
          assert.deepEqual(sorted([...first!, ...second!]), upTo(1000));
          assert.deepEqual(
            [await one.call("increment", prefix, 0), await two.call("increment", prefix, 0)],
            [1000, 1000],
          );
        }
      });
    }

    await step("a set between another tab's increments is not lost, nor are they", async () => {
      await one.call("count", "set:", "apart", 300, Date.now() + 300);
      const values = upTo(20).map((round) => round * 1_000_000);
      const seen = await two.call("setNow", "set:", values);
      const counted = (await one.call("counted"))!;
      // Each number counted follows the one before it, or one of those that were set.
      counted.forEach((number, index) => {
        const follows = [index ? counted[index - 1]! : 0, ...values];
        assert.ok(
          follows.some((before) => number === before + 1),
          `${number} after ${follows[0]}`,
        );
      });
      seen.forEach((number, index) =>
        assert.ok(number >= values[index]! && number <= values[index]! + 300, `${number}`),
      );
      const last = await two.call("increment", "set:", 0);
      assert.ok(last >= values.at(-1)!);
      assert.equal(last, Math.max(values.at(-1)!, counted.at(-1)!));
    });

    await step("what a tab wrote right before it left is counted", async () => {
      const leaving = await browser.open(url);
      const call = callsOf(leaving);
      await one.call("set", "leave:", "n", "0");
      for (const round of upTo(name === "webkit" ? 5 : 10)) {
        if (round > 1) await leaving.goto(url);
        // By now this tab's own view holds an older number.
        await call("get", "leave:", "n");
        await one.call("incrementWhenTold", "leave:");
        await call("incrementAndLeave", "leave:", elsewhere);
        assert.deepEqual(await one.call("counted"), [2 * round]);
        const where = async (): Promise<unknown> =>
          leaving.evaluate(() => location.hostname + document.readyState).catch(() => {});
        while ((await where()) !== "127.0.0.1complete") await new Promise((resolve) => setTimeout(resolve, 20));
      }
    });

    if (name === "webkit") {
      await step("a tab that is left while it counts, and comes back without its lock, loses none", async () => {
        const leaving = await openTab(browser);
        for (const round of upTo(3)) {
          const prefix = `back ${round}:`;
          await leaving.call("countOn", prefix);
          await leaving.page.evaluate((url) => void setTimeout(() => (location.href = url), 200), elsewhere);
          await new Promise((resolve) => setTimeout(resolve, 1000));
          await two.call("count", prefix, "awaited", 500, Date.now());
          const second = (await two.call("counted"))!;
          // Its view is that of before, until it hears of what came then.
          await two.call("count", prefix, "awaited", 2000, Date.now() + 50);
          await leaving.page.evaluate(() => void setTimeout(() => history.back(), 50));
          second.push(...(await two.call("counted"))!);
          await new Promise((resolve) => setTimeout(resolve, 500));
          const first = await leaving.call("stopCounting");
          assert.ok(first && first.length > 0, "the page was kept as it was");
          assert.deepEqual(sorted([...first, ...second]), upTo(first.length + second.length));
        }
        await leaving.page.close();
      });
    }

    await step("a watch is told each change of another tab once, and can see it", async () => {
      await one.call("watch", "watched:");
      await two.call("set", "watched:", "a", "1");
      await two.call("set", "watched:", "a", "1");
      assert.deepEqual(await one.call("told", 2), ["set a 1", "set a 1"]);
      await two.call("remove", "watched:", "a");
      await two.call("set", "watched:", "b", "2", 30);
      const told = await one.call("told", 2);
      await new Promise((resolve) => setTimeout(resolve, 40));
      await two.call("sweep", "watched:");
      await two.call("increment", "watched:");
      await two.call("clear", "watched:");
      // Who looks at it too late expires it before the sweep does, and then was told of that already.
      told.push(...(await one.call("told", 5 - told.length)));
      assert.deepEqual(told.map((line) => line.split(" ", 2).join(" ")), ["delete a", "set b", "expire b", "set n", "delete n"]); // prettier-ignore
      assert.equal(told[0], "delete a null");
      await one.call("set", "watched:", "c", "own");
      assert.deepEqual(await one.call("told", 1), ["set c own"]);
    });

    await step("values outlive the page, and the page's own keys are left alone", async () => {
      const foreign = { "app:a": "1", "ap\ud83d": "2", a: "3" };
      await one.call("foreign", foreign);
      await one.call("set", "app", "kept", "x");
      await one.page.reload();
      assert.equal(await one.call("get", "app", "kept"), "x");
      // The first of them lies under the store's prefix, so it is one of its keys, and damaged.
      assert.deepEqual(await one.call("keys", "app"), [":a", "kept"]);
      await one.call("clear", "app");
      assert.deepEqual(await one.call("foreignNow", Object.keys(foreign)), [null, "2", "3"]);
    });

    await step("sessionStorage is each tab's own, and outlives the page", async () => {
      assert.equal(await one.call("session", "mine"), "mine");
      assert.equal(await two.call("session"), null);
      await one.page.reload();
      assert.equal(await one.call("session"), "mine");
    });

    await step("a full origin is quota-exceeded, with all that was written intact", async () => {
      assert.deepEqual(await one.call("fill", "full:"), {
        stored: true,
        refused: "quota-exceeded",
        replaced: "quota-exceeded",
        updated: "quota-exceeded",
        many: "quota-exceeded",
        isIntact: true,
        old: "old",
        new: null,
        removed: "ok",
        again: "ok",
        refilled: "ok",
        counts: "ok",
        afterExpiry: "ok",
      });
    });

    await step("where there is no localStorage a store is unavailable", async () => {
      assert.match(await one.call("inFrame"), /^unavailable: Cannot open localStorage/);
      assert.match(await one.call("inWorker"), /^unavailable: Cannot open localStorage/);
    });

    if (name === "chromium") {
      await step("without a secure context atomic calls are unsupported, and the others work", async () => {
        // Loopback, but by a name that the browser does not trust.
        const insecure = await openTab(browser, url.replace("localhost", "0.0.0.0"));
        assert.equal(await insecure.call("isSecure"), false);
        assert.equal(await insecure.call("outcome", "insecure:", "increment"), "unsupported");
        assert.equal(await insecure.call("outcome", "insecure:", "set"), "ok");
        assert.equal(await insecure.call("get", "insecure:", "n"), "1");
        assert.equal(await insecure.call("outcome", "insecure:", "delete"), "ok");
        assert.equal(await insecure.call("get", "insecure:", "n"), null);
      });
    }

    assert.deepEqual([...one.page.errors, ...two.page.errors], []);
  });
}
