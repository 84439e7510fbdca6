import { spawn, type ChildProcess } from "node:child_process";
import { createServer } from "node:net";
import { until } from "../../test/support/until.ts";
import type { Browser, Page } from "./browser.ts";
import { expressionOf } from "./expression.ts";

type Send = <T>(method: "GET" | "POST" | "DELETE", path: string, body?: object) => Promise<T>;

const keys = { Enter: "\uE007", Escape: "\uE00C", Tab: "\uE004", " ": " ", Delete: "\uE017" };
const elementKey = "element-6066-11e4-a52e-4f735466cecf";

/** Starts WebKitGTK's MiniBrowser on a display of its own, through the classic WebDriver protocol. */
export async function webdriver(found: { path: string; driver: string; display: string }): Promise<Browser> {
  const children: ChildProcess[] = [];
  const stop = (): void => children.reverse().forEach((child) => child.kill());
  // A run that is interrupted leaves no display behind.
  process.once("exit", stop);
  try {
    const display = await startDisplay(found.display, children);
    const port = await freePort();
    const env = { ...process.env, DISPLAY: display, GDK_BACKEND: "x11", LIBGL_ALWAYS_SOFTWARE: "1" };
    children.push(spawn(found.driver, ["-p", String(port)], { stdio: "ignore", env }));
    const base = `http://127.0.0.1:${port}`;
    await untilReady(base);
    const { sessionId, capabilities } = await request<{ sessionId: string; capabilities: { browserVersion: string } }>(
      "POST",
      `${base}/session`,
      { capabilities: { alwaysMatch: capabilitiesOf(found.path) } },
    );
    return createBrowser((method, path, body) => request(method, `${base}/session/${sessionId}${path}`, body), {
      version: capabilities.browserVersion,
      stop,
    });
  } catch (error) {
    stop();
    throw error;
  }
}

const capabilitiesOf = (binary: string): object => ({
  browserName: "MiniBrowser",
  timeouts: { script: 600_000, pageLoad: 60_000, implicit: 10_000 },
  "webkitgtk:browserOptions": {
    binary,
    args: ["--automation", "--features=+StorageAPI,+StorageAPIEstimate,+FileSystem,+FileSystemWritableStream"],
  },
});

async function createBrowser(send: Send, { version, stop }: { version: string; stop: () => void }): Promise<Browser> {
  let isFirst = true;
  // A session talks to one tab at a time: calls queue up, and each says first which tab it means.
  let turn: Promise<unknown> = Promise.resolve();
  const inTab = <T>(handle: string, work: () => Promise<T>): Promise<T> => {
    const mine = turn.then(async () => {
      await send("POST", "/window", { handle });
      return work();
    });
    turn = mine.catch(() => {});
    return mine;
  };
  return {
    name: "webkit",
    version,
    async open(url) {
      // A tab can only be opened from one that is there: the last one talked to may be closed.
      const [first] = await send<string[]>("GET", "/window/handles");
      const handle = isFirst
        ? first!
        : await inTab(
            first!,
            async () => (await send<{ handle: string }>("POST", "/window/new", { type: "tab" })).handle,
          );
      isFirst = false;
      const page = wrap(send, (work) => inTab(handle, work));
      await page.goto(url);
      return page;
    },
    async close() {
      await send("DELETE", "").catch(() => {});
      process.removeListener("exit", stop);
      stop();
    },
  };
}

function wrap(send: Send, inTab: <T>(work: () => Promise<T>) => Promise<T>): Page {
  const element = async (selector: string): Promise<string> => {
    const found = await send<Record<string, string>>("POST", "/element", { using: "css selector", value: selector });
    return `/element/${found[elementKey]}`;
  };
  return {
    errors: [],
    goto: (url) =>
      inTab(async () => {
        await send("POST", "/url", { url });
        // The driver answers now and then before the page's scripts have run.
        const script =
          "document.readyState === 'complete' ? arguments[0]() : addEventListener('load', () => arguments[0]())";
        await send("POST", "/execute/async", { script, args: [] });
      }),
    reload: () => inTab(() => send("POST", "/refresh", {})),
    goBack: () =>
      inTab(async () => {
        const left = await send<string>("GET", "/url");
        await send("POST", "/execute/sync", { script: "setTimeout(() => history.back(), 50)", args: [] });
        await until(async () => (await send<string>("GET", "/url")) !== left);
      }),
    async evaluate(run, ...args) {
      const script = `
        const done = arguments[arguments.length - 1];
        ${expressionOf(run, args)}.then(
          (value) => done({ value }),
          (error) => done({ error: String(error && error.stack ? error + "\\n" + error.stack : error) }),
        );`;
      const result = await inTab(() =>
        send<{ value?: string; error?: string }>("POST", "/execute/async", { script, args: [] }),
      );
      if (result.error !== undefined) throw new Error(result.error);
      return result.value === undefined || result.value === null ? undefined : JSON.parse(result.value);
    },
    click: (selector) => inTab(async () => send("POST", `${await element(selector)}/click`, {})),
    fill: (selector, text) =>
      inTab(async () => {
        const path = await element(selector);
        await send("POST", `${path}/clear`, {});
        await send("POST", `${path}/value`, { text });
      }),
    press: (key) =>
      inTab(() => {
        const actions = ["keyDown", "keyUp"].map((type) => ({ type, value: keys[key] }));
        return send("POST", "/actions", { actions: [{ type: "key", id: "keyboard", actions }] });
      }),
    screenshot: () => inTab(async () => Buffer.from(await send<string>("GET", "/screenshot"), "base64")),
    close: () => inTab(() => send("DELETE", "/window")),
  };
}

async function request<T>(method: string, url: string, body?: object): Promise<T> {
  const response = await fetch(url, { method, ...(body && { body: JSON.stringify(body) }) });
  const { value } = (await response.json()) as { value: T & { error?: string; message?: string } };
  if (!response.ok) throw new Error(`WebDriver: ${value.error}: ${value.message}`);
  return value;
}

/** Starts Xvfb on a display number that it chooses itself, and resolves with its name. */
async function startDisplay(path: string, children: ChildProcess[]): Promise<string> {
  const child = spawn(path, ["-displayfd", "3", "-screen", "0", "1280x800x24", "-nolisten", "tcp"], {
    stdio: ["ignore", "ignore", "ignore", "pipe"],
  });
  children.push(child);
  return new Promise((resolve, reject) => {
    child.once("error", reject).once("exit", (code) => reject(new Error(`Xvfb ended with ${code}`)));
    child.stdio[3]!.once("data", (number: Buffer) => resolve(`:${String(number).trim()}`));
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function untilReady(base: string): Promise<void> {
  for (const deadline = Date.now() + 15_000; ;) {
    try {
      if ((await request<{ ready: boolean }>("GET", `${base}/status`)).ready) return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
