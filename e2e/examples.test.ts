// Runs every example as its first lines say, on the runtime or in the browser that it is for.
import assert from "node:assert/strict";
import { cp, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, test, type TestContext } from "vitest";
import { packageFolder } from "../scripts/installPackage.mjs";
import { root } from "../scripts/run.mjs";
import { runtimes } from "../scripts/runtimes.mjs";
import { besidePackage, serveInstalled, start } from "./support/installed.ts";
import type { Page } from "./support/browser.ts";
import { sharedBrowser } from "./support/shared.ts";

/** Those whose tests are not here, and where they are. */
const elsewhere: Record<string, string> = {
  workbench: "workbench",
  "offline-notes": "offlineNotes.test.ts",
  recipes: "recipes/recipes.test.ts",
};
const source = fileURLToPath(new URL("../examples/", import.meta.url));
const examples = await besidePackage("examples", (folder) =>
  cp(source, folder, { recursive: true, filter: (path) => !(relative(source, path) in elsewhere) }),
);

/** A page's own text, once it fits. */
async function shown(page: Page, selector: string, pattern: RegExp): Promise<string> {
  let text = "";
  for (let tries = 0; tries < 500; tries++) {
    text = await page.evaluate(
      (selector) =>
        document.querySelector<HTMLInputElement>(selector)!.value ?? document.querySelector(selector)!.textContent,
      selector,
    );
    if (pattern.test(text)) return text;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`Expected ${pattern} in ${selector}, got ${JSON.stringify(text)} and ${page.errors.join()}`);
}

/** Opens a tab that is closed with the test. */
async function openTab(t: TestContext, path: string): Promise<Page> {
  const page = await (await sharedBrowser("chromium")).open(url + path);
  t.onTestFinished(() => page.close());
  return page;
}

let asked = 0;
const server = await serveInstalled({
  "/.package/examples/bundler/rate.json": () => Response.json({ euro: 1.5, at: `${++asked}` }),
});
afterAll(() => server.close());
const url = `${server.url}.package/examples/`;

test("script tag: a draft is there after a reload, and in another tab", async (t) => {
  const page = await openTab(t, "script-tag/index.html");
  const other = await openTab(t, "script-tag/index.html");
  await page.fill("#draft", "Dear Ada");
  await shown(page, "#status", /^Kept until ./);
  await shown(other, "#draft", /^Dear Ada$/);
  await page.reload();
  await shown(page, "#draft", /^Dear Ada$/);
  assert.deepEqual([...page.errors, ...other.errors], []);
});

test("bundler: the page asks once, and the bundle holds only what is imported", async (t) => {
  const folder = join(examples, "bundler");
  const [, command] = /^\/\/ esbuild (.+)$/m.exec(await readFile(join(folder, "app.ts"), "utf8"))!;
  await start(t, [join(root, "node_modules/.bin/esbuild"), ...command!.split(" ")], folder).ended();
  const bundle = await readFile(join(folder, "app.js"), "utf8");
  assert.match(bundle, /indexedDB/);
  assert.doesNotMatch(bundle, /localStorage|maxEntries|EventSource/);

  const page = await openTab(t, "bundler/index.html");
  await page.click("button");
  await shown(page, "p", /^1\.5, as of 1$/);
  await page.reload();
  await page.click("button");
  await shown(page, "p", /^1\.5, as of 1$/);
  assert.equal(asked, 1);
  assert.deepEqual(page.errors, []);
});

test("from localForage: the app's data is read, shared and moved", async (t) => {
  const page = await openTab(t, "from-localforage/index.html");
  const text = await shown(page, "pre", /true|false/);
  assert.deepEqual(text.trim().split("\n"), [
    '{"theme":"dark","size":14}',
    "35 bytes",
    "3 entries, 0 left",
    '{"theme":"dark","size":14}',
    "true",
  ]);
  assert.deepEqual(page.errors, []);
});

test("Node: a client has three requests a minute, also of two processes", async (t) => {
  const folder = join(examples, "node");
  const address = async (): Promise<string> => {
    const program = start(t, [...runtimes.node24, "rate-limit.ts", "limits.sqlite"], folder);
    return (await program.printed(/http:\S+/))[0];
  };
  const [one, two] = [await address(), await address()];
  const statuses: number[] = [];
  for (const url of [one, two, one, two, one]) statuses.push((await fetch(url)).status);
  assert.deepEqual(statuses, [200, 200, 200, 429, 429]);
});

test("Deno: a store is served over HTTP, to clients that know the word", async (t) => {
  const [deno] = runtimes.deno;
  const flags = ["--no-lock", "--host", "127.0.0.1", "--port", "0"];
  const command = [deno!, "serve", "--allow-read", "--allow-write", "--allow-env", ...flags, "serve.ts"];
  const program = start(t, command, join(examples, "deno"));
  const [, port] = await program.printed(/127\.0\.0\.1:(\d+)/);
  const { open, isStoreError } = (await import(`${root}.package/load.mjs`).then(({ load }) =>
    load("index"),
  )) as typeof import("shelflife");
  const parameters = { url: `http://127.0.0.1:${port}/` };
  const store = await open({ backend: "http", parameters: { ...parameters, token: "open-sesame" } });
  assert.equal(await store.increment("visits"), 1);
  assert.equal(new TextDecoder().decode(await store.get("visits")), "1");
  const stranger = await open({ backend: "http", parameters });
  await assert.rejects(stranger.get("visits"), (error) => isStoreError(error, "unauthorized"));
  await Promise.all([store.close(), stranger.close()]);
});

test("Bun: a link logs in once", async (t) => {
  const program = start(t, [...runtimes.bun, "login-links.ts"], join(examples, "bun"), { PORT: "0" });
  const [address] = await program.printed(/http:\/\/localhost:\d+/);
  const link = await (await fetch(`${address}/link?user=Ada`)).text();
  const clicks = await Promise.all([1, 2, 3].map(() => fetch(address + link)));
  assert.deepEqual(
    clicks.map(({ status }) => status).sort((a, b) => a - b),
    [200, 410, 410],
  );
  assert.equal(await clicks.find(({ ok }) => ok)!.text(), "Welcome, Ada");
});

test("custom backend: four methods make a store, and keep what they declare", async (t) => {
  const output = await start(t, [...runtimes.node24, "main.ts"], join(examples, "custom-backend")).ended();
  assert.match(output, /^\{ people: 448664 \}\ntrue\n(\d{2,}) cases, 0 failed\n$/);
});

test("typed sessions: a schema types and checks", async (t) => {
  const output = await start(t, [...runtimes.node24, "sessions.ts"], join(examples, "typed-sessions")).ended();
  assert.equal(output, "ada@example.org 1\ntrue\ntrue old\n");
});

test("container and systemd: what they start is right, by the installed command", async (t) => {
  const bin = join(packageFolder, "node_modules/shelflife/dist/cli.js");
  for (const [folder, file] of [
    ["container", "Containerfile"],
    ["systemd", "shelflife.service"],
  ] as const) {
    const text = await readFile(join(examples, folder, file), "utf8");
    const line = /^(?:CMD|ExecStart=).*serve.*$/m.exec(text)![0];
    const [, path] = /(\/\S+\.yaml)/.exec(line)!;
    const args = line.match(/serve|--config/g)!;
    await writeFile(join(examples, folder, "tokens.jsonl"), "");
    const env = { CREDENTIALS_DIRECTORY: join(examples, folder) };
    const command = [...runtimes.node24, bin, ...args, path!.replace("/etc/shelflife", "."), "--check"];
    assert.match(await start(t, command, join(examples, folder), env).ended(), /is right: serves sqlite \//);
  }
});

test("every example is in the index, and tested", async () => {
  const index = await readFile(join(source, "README.md"), "utf8");
  const tests = await readFile(fileURLToPath(import.meta.url), "utf8");
  for (const name of await readdir(source)) {
    if (!(await stat(join(source, name))).isDirectory()) continue;
    assert.ok(index.includes(`](${name}/`), `${name} is not in examples/README.md`);
    if (elsewhere[name]) await stat(fileURLToPath(new URL(elsewhere[name], import.meta.url)));
    else assert.ok(new RegExp(`["\`}/]${name}["/]`).test(tests), `${name} is not run`);
  }
});
