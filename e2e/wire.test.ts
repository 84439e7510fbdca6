import assert from "node:assert/strict";
import { afterAll, beforeAll, describe, it } from "vitest";
import { memory } from "shelflife";
import { handler } from "shelflife/http/handler";
import type { PlaywrightBrowser } from "./support/playwright.ts";
import { startServer, type TestServer } from "./support/server.ts";
import { sharedBrowser } from "./support/shared.ts";

const blank = (): Response =>
  new Response('<!doctype html><title>blank</title><link rel="icon" href="data:,">', {
    headers: { "content-type": "text/html" },
  });

/** A page with a remote. */
const asking = (): Response =>
  new Response(
    `<!doctype html><title>asking</title><link rel="icon" href="data:,"><script type="module">
      import { remote } from "/dist/index.js";
      globalThis.ask = (url) => remote({ url, attempts: 1 }).find("secret").then(String, ({ message }) => message);
    </script>`,
    { headers: { "content-type": "text/html" } },
  );

describe("the wire in Chromium", () => {
  const store = memory();
  let browser: PlaywrightBrowser;
  let [strangers, far]: TestServer[] = [];
  /** Where the stores are: of another origin, and of another site. */
  let url = "";

  beforeAll(async () => {
    strangers = await startServer({ "/blank": blank, "/remote": asking });
    const cors = ["https://listed.example"];
    far = await startServer({
      "/store/": handler(store, { cors }),
      "/blank": blank,
    });
    url = far.url.replace("localhost", "127.0.0.1");
    browser = (await sharedBrowser("chromium")) as PlaywrightBrowser;
  });
  afterAll(async () => {
    for (const server of [strangers, far]) await server?.close();
  });

  it("a page of any other origin reads nothing and changes nothing", async () => {
    await store.set("secret", new TextEncoder().encode("value"));
    const page = await browser.open(`${strangers!.url}blank`);
    const outcomes = await page.evaluate(async (mount: string) => {
      const said = async (path: string, init?: RequestInit): Promise<string> => {
        try {
          const response = await fetch(mount + path, init);
          return `${response.type} ${response.status} ${await response.text()}`;
        } catch (error) {
          return (error as Error).name;
        }
      };
      const stream = new EventSource(`${mount}changes`);
      const streamed = new Promise((resolve) => {
        stream.addEventListener("open", () => resolve("open"));
        stream.addEventListener("error", () => resolve("error"));
      });
      return [
        await said("entry?key=secret"),
        await said("entries"),
        await said("entry?key=secret", { method: "PUT", body: "x" }),
        await said("entry?key=secret", { method: "DELETE" }),
        // What a browser sends without asking.
        await said("take?key=secret", { method: "POST" }),
        await said("take?key=secret", { method: "POST", mode: "no-cors" }),
        await said("batch", { method: "POST", body: '{"delete":["secret"]}\n', mode: "no-cors" }),
        await streamed,
      ];
    }, `${url}store/`);
    assert.deepEqual(outcomes, ["TypeError", "TypeError", "TypeError", "TypeError", "TypeError", "opaque 0 ", "opaque 0 ", "error"]); // prettier-ignore
    assert.equal(new TextDecoder().decode(await store.get("secret")), "value");
    await page.close();
  });

  it("a remote in such a page says what it may be", async () => {
    const page = await browser.open(`${strangers!.url}remote`);
    const message = await page.evaluate(
      (mount: string) => (globalThis as unknown as { ask(url: string): Promise<string> }).ask(mount),
      `${url}store`,
    );
    assert.match(message, /got none \(Failed to fetch: CORS, DNS, TLS or a refused connection\)$/);
    await page.close();
  });

  it("a value has no power over the origin that it comes from, whatever its type", async () => {
    const write = async (key: string, type: string, body: string): Promise<void> => {
      const headers = { "content-type": type };
      assert.equal((await fetch(`${url}store/entry?key=${key}`, { method: "PUT", body, headers })).status, 204);
    };
    await write("page", "text/html", '<title>page</title><p id="p">shown</p><script>document.title = "ran"</script>');
    await write("script", "text/javascript", 'globalThis.ran = "ran"; self.postMessage?.("ran")');
    await write("image", "image/svg+xml", '<svg xmlns="http://www.w3.org/2000/svg" width="7" height="7"/>');
    const shown = await browser.open(`${far!.url}store/entry?key=page`);
    assert.deepEqual(
      await shown.evaluate(() => [document.title, self.origin, document.querySelector("p")!.textContent]),
      ["page", "null", "shown"],
    );
    await shown.close();
    const own = await browser.open(`${far!.url}blank`);
    const outcomes = await own.evaluate(async () => {
      const load = (name: "img" | "script", key: string): Promise<unknown> =>
        new Promise((resolve) => {
          const element = document.createElement(name);
          element.addEventListener("load", () => resolve((element as HTMLImageElement).naturalWidth ?? "loaded"));
          element.addEventListener("error", () => resolve("refused"));
          element.src = `/store/entry?key=${key}`;
          document.head.append(element);
        });
      // Listened to from its beginning: it may have failed before the script has.
      const worker = new Worker("/store/entry?key=script");
      const worked = new Promise((resolve) => {
        worker.addEventListener("message", () => resolve("ran"));
        worker.addEventListener("error", () => resolve("refused"));
      });
      return [
        await load("script", "script"),
        (globalThis as { ran?: string }).ran ?? "not run",
        await worked,
        await navigator.serviceWorker.register("/store/entry?key=script").then(
          () => "registered",
          (error: Error) => error.name,
        ),
        await load("img", "image"),
        await (await fetch("/store/entry?key=script")).headers.get("content-type"),
      ];
    });
    assert.deepEqual(outcomes, ["refused", "not run", "refused", "SecurityError", 7, "text/javascript"]);
    await own.close();
  });
});
