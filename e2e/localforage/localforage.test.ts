import assert from "node:assert/strict";
import { afterAll, test } from "vitest";
import { cdp } from "../indexeddb/driver.ts";
import { launch } from "../support/launch.ts";
import type { Browser, BrowserName, Page } from "../support/browser.ts";
import type { PlaywrightPage } from "../support/playwright.ts";
import type { Driver, tab as Tab } from "./page.ts";
import { startServer } from "../support/server.ts";
import { step } from "../support/step.ts";

type Tab = typeof Tab;

const server = await startServer();
const limit = { timeout: 300_000 };
afterAll(() => server.close());

async function openTab(browser: Browser): Promise<
  Page & {
    call: <Name extends keyof Tab>(
      name: Name,
      ...args: Parameters<Tab[Name]>
    ) => Promise<Awaited<ReturnType<Tab[Name]>>>;
  }
> {
  const page = await browser.open(`${server.url}e2e/localforage/page.html`);
  return {
    ...page,
    call: (name, ...args) =>
      page.evaluate(
        async (name, args) => {
          const scope = globalThis as unknown as { tab?: Record<string, (...args: unknown[]) => unknown> };
          while (!scope.tab) await new Promise((resolve) => setTimeout(resolve, 10));
          return (await scope.tab[name]!(...args)) as never;
        },
        name,
        args as unknown[],
      ),
  };
}

/** Waits until a check holds; if it never does, fails as the check. */
async function settles(check: () => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await check();
    } catch (error) {
      if (tries === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

const full = {
  refused: "quota-exceeded",
  replaced: "quota-exceeded",
  many: ["quota-exceeded", false],
  small: "ok",
  old: "old",
  isIntact: true,
  roomAgain: "okok",
};

for (const name of ["chromium", "firefox", "webkit"] satisfies BrowserName[]) {
  test(name, limit, async (t) => {
    const browser = await launch(name);
    t.onTestFinished(() => browser.close());
    const [one, two] = [await openTab(browser), await openTab(browser)];

    for (const driver of ["INDEXEDDB", "LOCALSTORAGE"] satisfies Driver[]) {
      await step(`${driver}: the Cases hold`, async () => {
        const { count, failures } = await one.call("prove", driver);
        assert.deepEqual(failures, []);
        assert.ok(count > 50, `${count} cases`);
      });

      await step(`${driver}: increments of two tabs are exact`, async () => {
        await Promise.all([one, two].map((tab) => tab.call("increment", driver, "counted", 500)));
        // By itself, past the store's lock, a tab sees what another wrote a little later.
        await settles(async () => assert.equal(await two.call("read", driver, "counted", "count"), 1000));
      });

      await step(
        `${driver}: reading what has expired in one tab never removes what another has just written`,
        async () => {
          const count = 300;
          await one.call("writeExpiring", driver, "raced", count);
          await Promise.all([
            one.call("readAll", driver, "raced", count),
            two.call("refreshAll", driver, "raced", count),
          ]);
          // What was removed never comes back; what was written comes into sight.
          await settles(async () => assert.equal((await one.call("list", driver, "raced")).length, count));
          for (const key of ["0", "1", `${count >> 1}`, `${count - 1}`]) {
            assert.notEqual(await one.call("read", driver, "raced", key), null);
          }
        },
      );

      await step(`${driver}: what the app wrote is read, and it reads what is written`, async () => {
        assert.deepEqual(await one.call("adopt", driver), {
          object: { name: "Ada", tags: ["a"] },
          text: "ü",
          buffer: [1, 2, 255],
          floats: [0, 0, 192, 63],
          blob: "photo",
          ours: { age: 36 },
          bytes: [0, 255],
          mortal: "m",
          keys: ["blob 5", "buffer 3", "bytes 2", "floats 4", "mortal 1", "object 27", "ours 10", "text 4"],
        });
      });

      await step(`${driver}: a watch is told what another tab does`, async () => {
        await one.call("watch", driver, "watched");
        await two.call("change", driver, "watched");
        const expected = ["set a", "set n", "delete a", "delete n"];
        await settles(async () => assert.deepEqual(await one.call("told"), expected));
      });
    }

    await step("LOCALSTORAGE: a full origin is quota-exceeded, with all that was written intact", async () => {
      assert.deepEqual(await one.call("fill", "LOCALSTORAGE", 60_000), full);
    });

    assert.deepEqual([...one.errors, ...two.errors], []);
  });
}

// WebKit has no way to tell an automated page what its quota is.
for (const name of ["chromium", "firefox"] satisfies BrowserName[]) {
  test(`${name}: IndexedDB of a full origin is quota-exceeded, with all that was written intact`, limit, async (t) => {
    // In kB. An origin may have a fifth of it, and no less than 10 MB.
    const preferences = { "dom.quotaManager.temporaryStorage.fixedLimit": 51_200 };
    const browser = await launch(name, { preferences });
    t.onTestFinished(() => browser.close());
    const tab = await openTab(browser);
    if (name === "chromium") {
      const session = await cdp(tab as unknown as PlaywrightPage);
      await session.send("Storage.overrideQuotaForOrigin", {
        origin: new URL(server.url).origin,
        quotaSize: 20_000_000,
      });
    }
    assert.deepEqual(await tab.call("fill", "INDEXEDDB", 1_000_000), full);
  });
}
