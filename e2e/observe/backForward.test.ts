import assert from "node:assert/strict";
import { it } from "vitest";
import { until } from "../../test/support/until.ts";
import { engines, inEngines, type Place } from "../support/place.ts";
import { callsOf, type Call } from "../support/tab.ts";
import type { tab as Tab } from "./page.ts";

const path = "e2e/observe/page.html";

/**
 * Leaves a page that shows people, of whom one is over when something was done meanwhile, and comes back, to what has to be shown
 * then. Resolves with whether the page was kept as it was.
 */
async function leaveAndReturn(
  { open, server }: Place,
  meanwhile: (call: Call<typeof Tab>) => Promise<void>,
  shown: string,
): Promise<boolean> {
  const page = await open();
  const call = callsOf<typeof Tab>(page);
  const untilShown = (text: string): Promise<void> =>
    until(async () => (await call("shown").catch(() => undefined)) === text);
  await call("clear");
  await call("set", "person/1", "Ada");
  const end = await call("setUntilSoon", "person/2", "Bob");
  await untilShown("Ada, Bob");
  await page.goto(`${server.url}${path}?away`);
  await meanwhile(call);
  // Nobody looks for what is over, as that is removed with a message to all.
  await until(() => Date.now() > end);
  assert.equal(await call("shown"), "");
  await page.goBack();
  await untilShown(shown);
  const isKept = await call("isKept");
  // It goes on following.
  await call("set", "person/4", "Dot");
  await untilShown(`${shown}, Dot`);
  return isKept;
}

inEngines(
  "an observed page that is left and come back to",
  engines,
  { page: path, backForwardCache: true },
  (place) => {
    it("shows nothing that is over meanwhile, as it is the page that was left", async () => {
      // A browser keeps a few pages, and lets one go now and then: what is to be seen is one that was kept.
      let isKept = false;
      for (let tries = 0; !isKept && tries < 5; tries++) isKept = await leaveAndReturn(place, async () => {}, "Ada");
      assert.ok(isKept, "no page was kept");
    });

    it("shows what was written meanwhile, be it kept or, for the message of that, loaded again", async (context) => {
      const write = async (call: Call<typeof Tab>): Promise<void> => {
        await call("set", "person/1", "Adele");
        await call("set", "person/3", "Cy");
      };
      const isKept = await leaveAndReturn(place, write, "Adele, Cy");
      await context.annotate(`${place.name}: the page was ${isKept ? "kept" : "loaded again"}`);
    });
  },
);
