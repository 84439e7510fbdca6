import assert from "node:assert/strict";
import { it } from "vitest";
import { sorted, upTo } from "../support/numbers.ts";
import { engines } from "../support/place.ts";
import { inEngines, openTab } from "./driver.ts";

inEngines(engines, (place) => {
  it.each(["awaited", "apart", "at once"] as const)("two tabs that count 500 each, %s, lose none", async (how) => {
    const [one, two] = [await openTab(place), await openTab(place)];
    assert.ok(await one.call("isSecure"));
    for (const round of upTo(2)) {
      const prefix = `count ${how} ${round}:`;
      const beginsAt = Date.now() + 500;
      // Begun and not awaited, since WebKit's driver talks to one tab at a time.
      for (const tab of [one, two]) await tab.call("count", prefix, how, 500, beginsAt);
      const [first, second] = [await one.call("counted"), await two.call("counted")];
      assert.deepEqual(sorted([...first!, ...second!]), upTo(1000));
      assert.deepEqual([await one.call("increment", prefix, 0), await two.call("increment", prefix, 0)], [1000, 1000]);
    }
  });

  it("a set between another tab's increments is not lost, nor are they", async () => {
    const [one, two] = [await openTab(place), await openTab(place)];
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
    seen.forEach((number, index) => assert.ok(number >= values[index]! && number <= values[index]! + 300, `${number}`));
    const last = await two.call("increment", "set:", 0);
    assert.ok(last >= values.at(-1)!);
    assert.equal(last, Math.max(values.at(-1)!, counted.at(-1)!));
  });
});

/** Answers a request only when another tab has made one. */
let release: (() => void) | undefined;
const released = new Promise<void>((resolve) => (release = resolve));

inEngines(
  ["chromium"],
  (place) => {
    it("the two tabs are two processes", async () => {
      const [one, two] = [await openTab(place), await openTab(place)];
      // A tab that is blocked until the other has asked would block one in its own process too.
      const blocked = one.call("block", "/blocked");
      await two.call("ask", "/release");
      assert.equal(await blocked, "released");
    });
  },
  {
    "/blocked": () => released.then(() => new Response("released")),
    "/release": () => new Response(String(release?.())),
  },
);
