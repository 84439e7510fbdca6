import assert from "node:assert/strict";
import { createServer, type AddressInfo } from "node:net";
import { onTestFinished, test, vi } from "vitest";
import { isStoreError } from "../../../src/core/error.ts";
import { remote } from "../../../src/http/remote.ts";
import { remote as serverRemote } from "../../../src/server.ts";
import { bytes, mount, pair } from "../../support/pair.ts";
import { until } from "../../support/until.ts";

const isUnavailable = (error: unknown): boolean => isStoreError(error, "unavailable");

/** Returns a URL at which nothing listens. */
async function refusing(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}/x`;
}

test("a gateway that lets nobody in is unauthorized, and is asked once", async () => {
  for (const status of [401, 403]) {
    const { far, sent } = pair({
      between: async () => new Response("<h1>Sign in</h1>", { status, headers: { "content-type": "text/html" } }),
    });
    const runs = [
      () => far.find("a"),
      () => far.set("a", bytes("x")),
      () => far.increment("a"),
      () => far.deleteMany(["a"]),
      () => far.list(),
      () => far.clear(),
      () => far.watch().next(),
    ];
    for (const run of runs) {
      await assert.rejects(
        run,
        (error) => isStoreError(error, "unauthorized") && new RegExp(`status ${status}`).test(error.message),
      );
    }
    assert.equal(sent.length, runs.length);
  }
});

test("the message says why nothing came, and nothing of what came", async () => {
  const url = await refusing();
  const name = url.replace("127.0.0.1", "nowhere.invalid");
  for (const open of [remote, serverRemote]) {
    await assert.rejects(open({ url, attempts: 1 }).find("a"), /got none \(connect ECONNREFUSED /);
    await assert.rejects(open({ url: name, attempts: 1 }).find("a"), /got none \(getaddrinfo E\w+ nowhere\.invalid\)/);
  }
  const answers: [pattern: RegExp, fetch: () => Promise<Response>][] = [
    [/got none \(self-signed certificate\)/, () => Promise.reject(new TypeError("fetch failed", { cause: new AggregateError([new Error("self-signed certificate")]) }))],
    [/got none \(boom\)/, () => Promise.reject("boom")],
    [/got none$/, () => Promise.reject(undefined)],
    [/got status 404$/, async () => new Response("secret", { status: 404 })],
    [/got a redirect$/, async () => Response.error()],
    [/got a part of one/, async () => new Response("secret", { headers: { shelflife: "ok", "content-length": "1" } })],
    [/got one that makes no sense$/, async () => new Response("secret", { headers: { shelflife: "ok" } })],
    [/got one that makes no sense$/, async () => new Response("secret", { status: 409, headers: { shelflife: "conflict" } })],
  ]; // prettier-ignore
  for (const [pattern, fetch] of answers) {
    await assert.rejects(remote({ url: mount, attempts: 1, fetch }).find("a"), (error) => {
      assert.ok(isUnavailable(error) && pattern.test((error as Error).message), String(error));
      return !String(error).includes("secret");
    });
  }
  // What makes itself its own cause ends too.
  const loop = new Error("loop");
  loop.cause = loop;
  await assert.rejects(remote({ url: mount, attempts: 1, fetch: () => Promise.reject(loop) }).find("a"), /\(loop\)/);
});

test("in a page, which is not shown why, the message says what it may be", async () => {
  onTestFinished(() => void vi.unstubAllGlobals());
  const fetch = (): Promise<Response> => Promise.reject(new TypeError("Failed to fetch"));
  const messageOf = async (url: string): Promise<string> => {
    const error = await remote({ url, attempts: 1, fetch }).find("a").catch((reason: unknown) => reason); // prettier-ignore
    return (error as Error).message;
  };
  vi.stubGlobal("location", new URL("https://page.test/shop"));
  assert.match(await messageOf("/store"), /got none \(Failed to fetch\)$/);
  assert.match(await messageOf("https://store.test"), /\(Failed to fetch: CORS, DNS, TLS or a refused connection\)$/);
  vi.stubGlobal("navigator", { onLine: false });
  assert.match(await messageOf("https://store.test"), /\(Failed to fetch: this device is offline\)$/);
});

test("what took too long says what went wrong before", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const { far } = pair({
    between: async () => new Response("", { status: 502 }),
    remote: { timeout: 60, attempts: 99 },
  });
  const rejected = assert.rejects(far.find("a"), /got none within 60 ms, before that status 502/);
  await until(() => vi.getTimerCount() > 1);
  await vi.advanceTimersByTimeAsync(60);
  await rejected;
});
