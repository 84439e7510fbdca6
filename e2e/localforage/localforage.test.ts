import assert from "node:assert/strict";
import { it } from "vitest";
import { until } from "../../test/support/until.ts";
import type { BrowserName } from "../support/browser.ts";
import {
  engines,
  inEngines as inEnginesAt,
  openSmall,
  smallDisk,
  type Place,
  type PlaceOptions,
} from "../support/place.ts";
import { callsOf, type Call } from "../support/tab.ts";
import type { Driver, tab as Tab } from "./page.ts";

const full = {
  refused: "quota-exceeded",
  replaced: "quota-exceeded",
  many: ["quota-exceeded", false],
  small: "ok",
  old: "old",
  isIntact: true,
  roomAgain: "okok",
};
const drivers = ["INDEXEDDB", "LOCALSTORAGE"] as const satisfies Driver[];

function inEngines(
  engines: readonly BrowserName[],
  options: Omit<PlaceOptions, "page">,
  define: (place: Place, openTab: () => Promise<Call<typeof Tab>>) => void,
): void {
  inEnginesAt("localForage", engines, { page: "e2e/localforage/page.html", ...options }, (place) =>
    define(place, async () => callsOf(await place.open())),
  );
}

inEngines(engines, {}, (_, openTab) => {
  it.each(drivers)("%s: increments of two tabs are exact", async (driver) => {
    const [one, two] = [await openTab(), await openTab()];
    await Promise.all([one, two].map((call) => call("increment", driver, "counted", 500)));
    // By itself, past the store's lock, a tab sees what another wrote a little later.
    await until(async () => (await two("read", driver, "counted", "count")) === 1000);
  });

  it.each(drivers)(
    "%s: reading what has expired in one tab never removes what another has just written",
    async (driver) => {
      const [one, two] = [await openTab(), await openTab()];
      const count = 300;
      await one("writeExpiring", driver, "raced", count);
      await Promise.all([one("readAll", driver, "raced", count), two("refreshAll", driver, "raced", count)]);
      // What was removed never comes back; what was written comes into sight.
      await until(async () => (await one("list", driver, "raced")).length === count);
      for (const key of ["0", "1", `${count >> 1}`, `${count - 1}`]) {
        assert.notEqual(await one("read", driver, "raced", key), null);
      }
    },
  );

  it.each(drivers)("%s: what the app wrote is read, and it reads what is written", async (driver) => {
    const call = await openTab();
    assert.deepEqual(await call("adopt", driver), {
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

  it.each(drivers)("%s: a watch reports what another tab does", async (driver) => {
    const [one, two] = [await openTab(), await openTab()];
    await one("watch", driver, "watched");
    await two("change", driver, "watched");
    await until(async () => (await one("changes")).length >= 4);
    assert.deepEqual(await one("changes"), ["set a", "set n", "delete a", "delete n"]);
  });

  it("LOCALSTORAGE: a full origin is quota-exceeded, with all that was written intact", async () => {
    const call = await openTab();
    await call("clear");
    assert.deepEqual(await call("fill", "LOCALSTORAGE", 60_000), full);
  });
});

inEngines(["chromium", "firefox"], smallDisk, (place) => {
  it("IndexedDB of a full origin is quota-exceeded, with all that was written intact", async () => {
    const call = callsOf<typeof Tab>(await openSmall(place));
    assert.deepEqual(await call("fill", "INDEXEDDB", 1_000_000), full);
  });
});
