import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it, type TestContext } from "vitest";
import { root } from "../../scripts/run.mjs";
import { runtimes } from "../../scripts/runtimes.mjs";
import { until } from "../../test/support/until.ts";
import { start } from "../support/installed.ts";
import type { PlaywrightBrowser } from "../support/playwright.ts";
import { startServer } from "../support/server.ts";
import { sharedBrowser } from "../support/shared.ts";
import { inWorkbench, type Tab } from "./driver.ts";

/** What a page takes for the package, in the place of a bundler. */
const imports = { shelflife: "/dist/shelflife.min.js", "shelflife/offline": "/dist/offline.js" };
const html = { "content-type": "text/html" };

inWorkbench("the store in code in the workbench", (place) => {
  const { engine, open } = place;
  const panel = ({ page }: Tab) => page.getByRole("region", { name: "This store in code" });

  /** Returns the lines of a kind, as they are copied. */
  async function lines(tab: Tab, kind: "Module" | "Script tag" | "Server", wanted: RegExp): Promise<string> {
    const code = panel(tab).getByRole("region", { name: "Lines of code" });
    await panel(tab).getByRole("radio", { name: kind }).check();
    await code.filter({ hasText: wanted }).waitFor();
    await panel(tab).getByRole("button", { name: "Copy" }).click();
    await tab.says("Copied the code");
    const shown = await code.innerText();
    if (engine === "firefox") return shown;
    // What says so may be of the copy before.
    let copied = "";
    await until(async () => {
      copied = await tab.page.evaluate(() => navigator.clipboard.readText());
      return copied.trim() === shown.trim();
    });
    return copied;
  }

  async function openPanel(config: string | object): Promise<Tab> {
    const tab = await open(config);
    if (engine === "chromium") await tab.page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await panel(tab).getByText("This store in code").click();
    return tab;
  }

  /** Runs a page, and returns what the store of its code has under a key, after it was put there. */
  async function run(t: TestContext, body: string): Promise<string | null> {
    const page = `<!doctype html><link rel="icon" href="data:,"><script type="importmap">${JSON.stringify({ imports })}</script>${body}`;
    const server = await startServer({ "/page": () => new Response(page, { headers: html }) });
    t.onTestFinished(() => server.close());
    const { page: tab, errors, close } = await ((await sharedBrowser(engine)) as PlaywrightBrowser).open("about:blank");
    t.onTestFinished(close);
    // The network's own copy is the built one, and the browser holds its bytes against the hash.
    await tab.route("https://unpkg.com/**", async (route) => {
      const [, version, path] = /shelflife@([^/]+)\/(dist\/.*)$/.exec(route.request().url())!;
      assert.equal(version, JSON.parse(await readFile(`${root}package.json`, "utf8")).version);
      const headers = { "content-type": "text/javascript", "access-control-allow-origin": "*" };
      await route.fulfill({ body: await readFile(root + path), headers });
    });
    await tab.goto(`${server.url}page`);
    await tab.locator("output").waitFor();
    // The workbench's own server lets no other origin in; an offline store goes on without.
    const stray = errors.filter((error) => !/^Cross-Origin Request Blocked|blocked by CORS policy/.test(error));
    assert.deepEqual(stray, []);
    return tab.locator("output").textContent();
  }

  // Appended to the lines, as one goes on from them.
  const proof = `
    await store.set("proof", new TextEncoder().encode("of the code"), { ttl: 60_000 });
    const output = document.createElement("output");
    output.textContent = new TextDecoder().decode(await store.get("proof"));
    document.body.append(output);`;

  it("opens it from a module and by script tags", async (t) => {
    const tab = await openPanel({ backend: "memory", parameters: { maxEntries: 5 } });
    assert.equal(
      await lines(tab, "Module", /maxEntries/),
      'import { open } from "shelflife";\n\n' +
        'const store = await open({\n  backend: "memory",\n  parameters: { maxEntries: 5 },\n});\n',
    );
    for (const [store, wanted] of [
      ["IndexedDB", /database: "workbench"/],
      ["Offline", /offlineFactory/],
    ] as const) {
      await tab.store(store).check();
      const [module, page] = [await lines(tab, "Module", wanted), await lines(tab, "Script tag", wanted)];
      assert.equal(await run(t, `<script type="module">${module}${proof}</script>`), "of the code");
      if (engine === "firefox") continue;
      assert.equal(await run(t, page.replace(/(?=<\/script>\s*$)/, proof)), "of the code");
    }
  });

  it("serves it by the command, to this page too", async (t) => {
    if (engine === "firefox") return;
    const folder = await mkdtemp(join(tmpdir(), "shelflife-code-"));
    t.onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const tab = await openPanel("memory");
    const [memory, why] = [await lines(tab, "Server", /maxEntries/), /^# IndexedDB is in browsers alone/m];
    await tab.store("IndexedDB").check();
    const sqlite = await lines(tab, "Server", why);
    assert.match(memory, /^store:\n {2}backend: memory\n {2}parameters:\n {4}maxEntries: 100000\n/m);
    assert.match(sqlite, /^# shelflife serve --config shelflife.yaml\n.*\nstore:\n {2}backend: sqlite\n/);
    for (const [index, text] of [memory, sqlite].entries()) {
      await writeFile(join(folder, "shelflife.yaml"), text);
      const command = [...runtimes.node24, `${root}dist/cli.js`, ...text.split("\n")[0]!.split(" ").slice(2)];
      const server = start(t, [...command, "--port", "0"], folder);
      const [url] = await server.printed(/http:\/\/127\.0\.0\.1:\d+/);
      // From another origin, which the configuration lets in.
      const other = await open({ backend: "http", parameters: { url } });
      await other.stored({ key: `proof-${index}`, value: "served" });
      await server.stop();
    }
    assert.ok(sqlite.includes(`- ${JSON.stringify(new URL(place.workbench.url).origin)}`));
  });
});
