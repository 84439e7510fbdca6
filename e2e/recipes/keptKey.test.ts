// What the guide says of a key that stays in the browser, in a real page that is loaded again.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { build } from "esbuild";
import { it } from "vitest";
import { root } from "../../scripts/run.mjs";
import { until } from "../../test/support/until.ts";
import type { Page } from "../support/browser.ts";
import { built } from "../support/files.ts";
import { engines, inEngines } from "../support/place.ts";

declare const kept: {
  key: CryptoKey;
  openKey(id: string): Promise<CryptoKey>;
} & Pick<typeof import("shelflife"), "indexeddb"> &
  Pick<typeof import("shelflife/extras"), "encrypted" | "text">;

const guide = await readFile(`${root}docs/guide/encryption.md`, "utf8");
const [, code] = /^## A key that stays in the browser$[^]*?^```ts page\n([^]*?)^```$/m.exec(guide)!;
const { outputFiles } = await build({
  stdin: {
    contents: `${code}\nObject.assign(globalThis, { kept: { key, openKey, indexeddb, encrypted, text } });`,
    loader: "ts",
  },
  bundle: true,
  format: "esm",
  write: false,
  tsconfigRaw: {},
  alias: { ...built },
  external: ["/dist/*"],
});
const routes = {
  "/kept/": () =>
    new Response(
      `<!doctype html><link rel="icon" href="data:,"><body><script type="module">${outputFiles[0]!.text}</script>`,
      { headers: { "content-type": "text/html" } },
    ),
};

const ready = (page: Page): Promise<void> => until(() => page.evaluate(() => "kept" in globalThis));

inEngines("a key that stays in the browser", engines, { page: "kept/", routes }, ({ open }) => {
  it("opens the values when the page is loaded again, is the same in every tab, and cannot be exported", async () => {
    const page = await open();
    await ready(page);
    const first = await page.evaluate(async () => {
      const { key, openKey, indexeddb, encrypted, text } = kept;
      const failures: string[] = [];
      for (const format of ["raw", "jwk"] as const)
        await crypto.subtle.exportKey(format, key).catch(({ name }: Error) => failures.push(name));
      const store = indexeddb({ database: "notes" });
      await text(encrypted(store, { keys: { "2026": key } })).set("b", "milk");
      const stored = new TextDecoder().decode(await store.get("b"));
      // Two that come at once, each with a key of its own making.
      const [one, other] = await Promise.all([openKey("race"), openKey("race")]);
      const views = [one, other].map((each) => text(encrypted(store, { keys: { race: each } })));
      await views[0]!.set("race", "same");
      const read = await views[1]!.get("race");
      await store.close();
      return { failures, isOpen: stored.includes("milk"), length: stored.length > 32, read };
    });
    assert.deepEqual(first, {
      failures: ["InvalidAccessError", "InvalidAccessError"],
      isOpen: false,
      length: true,
      read: "same",
    });
    await page.reload();
    const other = await open();
    for (const each of [page, other]) {
      await ready(each);
      const found = await each.evaluate(async () => {
        const { key, indexeddb, encrypted, text } = kept;
        const notes = text(encrypted(indexeddb({ database: "notes" }), { keys: { "2026": key } }));
        const found = await notes.findMany(["a", "b"]);
        await notes.close();
        return found;
      });
      assert.deepEqual(found, ["tea", "milk"]);
    }
  });
});
