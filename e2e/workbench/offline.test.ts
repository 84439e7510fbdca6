import assert from "node:assert/strict";
import { it } from "vitest";
import { faint } from "./contrast.ts";
import { inWorkbench } from "./driver.ts";

inWorkbench("the offline store of the workbench", ({ engine, open }) => {
  it("goes on while the network is cut, says what waits and why, and brings it to the server afterwards", async () => {
    const [one, remote] = [await open("offline"), await open("remote")];
    const cut = one.page.getByRole("switch", { name: "Cut the network" });
    const side = one.page.getByRole("region", { name: "Both sides" });
    await side.getByText("All is on the server").waitFor();
    const key = `waiting-${engine}`;
    await cut.check();
    await one.stored({ key, value: "written meanwhile" });
    await side.getByText("1 key waits: the network is cut").waitFor();
    await remote.stored({ key: `marker-${engine}`, value: "x" });
    await remote.row(key).waitFor({ state: "detached" });
    await cut.uncheck();
    await remote.row(key).getByText("written meanwhile").waitFor();
    await one.row(`marker-${engine}`).waitFor();
    await side.getByText("All is on the server").waitFor();
  });

  it("shows both sides of a conflict, and keeps the one that is chosen", async () => {
    const [one, remote] = [await open("offline"), await open("remote")];
    const cut = one.page.getByRole("switch", { name: "Cut the network" });
    const side = one.page.getByRole("region", { name: "Both sides" });
    const key = `both-${engine}`;
    await one.stored({ key, value: "agreed" });
    await remote.row(key).getByText("agreed").waitFor();
    for (const [keep, other] of [
      ["mine", "theirs"],
      ["theirs", "mine"],
    ] as const) {
      const words = { mine: `mine before ${other}`, theirs: `theirs before ${other}` };
      await cut.check();
      await remote.enter({ key, value: words.theirs });
      await remote.row(key).getByText(words.theirs).waitFor();
      await one.enter({ key, value: words.mine });
      await side.getByText("1 key waits").waitFor();
      await cut.uncheck();
      const conflict = side.getByRole("listitem").filter({ hasText: key });
      await conflict.getByText(words.mine, { exact: true }).waitFor();
      await conflict.getByText(words.theirs, { exact: true }).waitFor();
      assert.deepEqual(await faint(one.page), []);
      await one.page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
      await conflict.getByRole("button", { name: `Keep ${keep}` }).click();
      await conflict.waitFor({ state: "detached" });
      await remote.row(key).getByText(words[keep]).waitFor();
      await one.row(key).getByText(words[keep]).waitFor();
      await side.getByText("All is on the server").waitFor();
    }
  });
});
