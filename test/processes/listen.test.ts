import assert from "node:assert/strict";
import { request } from "node:http";
import { request as requestSecurely } from "node:https";
import { test } from "vitest";
import { startChild, type Child } from "../support/childProcess.ts";
import { runtimes } from "../../scripts/runtimes.mjs";
import { cert, key } from "../support/certificate.ts";

async function withServer(
  name: keyof typeof runtimes,
  work: (child: Child, url: string, until: (what: string, count?: number) => Promise<void>) => Promise<void>,
): Promise<void> {
  const child = startChild(runtimes[name], "./listenChild.ts");
  const until = async (what: string, count = 1): Promise<void> => {
    while (child.said.filter((each) => each[1] === what).length < count) await child.until(child.said.length + 1);
  };
  try {
    await work(child, (await child.call("listen", {})) as string, until);
    assert.equal(await child.end(), "");
  } finally {
    await child.kill();
  }
}

for (const name of Object.keys(runtimes) as (keyof typeof runtimes)[]) {
  test(`requests arrive and are answered whole: ${name}`, () =>
    withServer(name, async (child, url) => {
      const body = new Uint8Array(3_000_000).map((_, at) => at * 7);
      const echo = await fetch(new URL("/echo?key=%00%2F..%2F%f0%9f%98%80", url), { method: "PUT", body });
      assert.deepEqual([echo.headers.get("x-method"), echo.headers.get("x-key")], ["PUT", "%00%2F..%2F%F0%9F%98%80"]);
      assert.ok(Buffer.from(await echo.arrayBuffer()).equals(body));
      const head = await fetch(url, { method: "HEAD" });
      assert.deepEqual([head.status, await head.text()], [200, ""]);
      const failed = await fetch(new URL("/fail", url));
      assert.deepEqual([failed.status, failed.headers.get("shelflife")], [500, "unavailable"]);
      assert.doesNotMatch(await failed.text(), /secret/);
      assert.deepEqual(child.said, [["failed", "secret"]]);
      await child.call("close");
    }));

  test(`what asks for another host is refused: ${name}`, () =>
    withServer(name, async (child, url) => {
      const ask = (host: string): Promise<number | undefined> =>
        new Promise((resolve, reject) => {
          request(url, { headers: { host }, agent: false }, (response) => resolve(response.resume().statusCode))
            .on("error", reject)
            .end();
        });
      const { host, port } = new URL(url);
      const hosts = [host, "localhost", `LOCALHOST:${port}`, `[::1]:${port}`, "evil.example", `evil.example:${port}`, "localhost.evil.example"]; // prettier-ignore
      assert.deepEqual(await Promise.all(hosts.map(ask)), [200, 200, 200, 200, 421, 421, 421]);
      await child.call("close");
    }));

  test(`a client that leaves ends the stream, and one that does not read holds it back: ${name}`, () =>
    withServer(name, async (child, url, until) => {
      const controller = new AbortController();
      const events = await fetch(new URL("/events", url), { signal: controller.signal });
      const reader = events.body!.getReader();
      assert.equal(new TextDecoder().decode((await reader.read()).value), "data: one\n\n");
      controller.abort();
      await until("left");
      const large = await fetch(new URL("/endless", url));
      const first = large.body!.getReader();
      await first.read();
      for (let count = 0; count < 100; count++) await (await fetch(url)).text();
      assert.ok((await child.call("pulled")) < 2 ** 27, "the body was not taken as a whole");
      await first.cancel();
      await until("left", 2);
      await child.call("close");
    }));

  test(`closing ends streams, finishes what has begun and takes nothing new: ${name}`, () =>
    withServer(name, async (child, url, until) => {
      const events = await fetch(new URL("/events", url));
      const writing = fetch(new URL("/wait", url), { method: "PUT", body: "value" });
      await until("waits");
      const closing = child.call("close");
      // A stream that is ended ends well: its reader gets the end, and no failure.
      assert.equal(await events.text(), "data: one\n\n");
      // Refused by an answer on a connection that is open still, or without one.
      const late = await fetch(url).then(
        ({ status }) => status,
        () => 503,
      );
      assert.equal(late, 503);
      await child.call("release");
      assert.equal((await writing).status, 204);
      await closing;
      assert.deepEqual(
        child.said.map(([, what]) => what as string),
        ["waits", "left", "wrote value"],
      );
      await assert.rejects(fetch(url), TypeError);
      await child.call("close");
    }));

  test(`closing waits no longer than it is asked to: ${name}`, () =>
    withServer(name, async (child, url, until) => {
      // Cut off, or asked not to be waited for.
      const writing = fetch(new URL("/wait", url), { method: "PUT", body: "value" }).then(
        ({ status }) => status,
        () => 503,
      );
      await until("waits");
      await child.call("close", { grace: 1 });
      assert.equal(await writing, 503);
    }));
}

test("a server with a certificate speaks https, on each kind of runtime", async () => {
  for (const name of ["node24", "deno", "bun"] as const) {
    const child = startChild(runtimes[name], "./listenChild.ts");
    try {
      const url = (await child.call("listen", { tls: { key, cert } })) as string;
      assert.match(url, /^https:/);
      const status = await new Promise((resolve, reject) => {
        requestSecurely(url, { ca: cert, agent: false }, (response) => resolve(response.resume().statusCode))
          .on("error", reject)
          .end();
      });
      assert.equal(status, 200, name);
      await child.call("close");
      assert.equal(await child.end(), "");
    } finally {
      await child.kill();
    }
  }
});
