import assert from "node:assert/strict";
import { test } from "vitest";
import { isStoreError } from "../../../src/core/error.ts";
import type { Answer } from "../../../src/http/server/answer.ts";
import { listen, type ListenOptions } from "../../../src/service/listen.ts";
import { send, withServer } from "../../support/listening.ts";

test("on loopback only localhost, loopback addresses and the names that are given are answered", async () => {
  const asked: string[] = [];
  const answer: Answer = async (request) => {
    asked.push(new URL(request.url).hostname);
    return new Response("ok");
  };
  const ask = async (port: number, target: string, host: string): Promise<string> =>
    send(port, `GET ${target} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
  const strange = ["evil.example", "evil.example:PORT", "localhost.evil.example", "127.0.0.1.evil.example", "store.example.evil.example", "evil.example#localhost", "localhost@evil.example", "192.168.0.1:PORT", "0.0.0.0:PORT", "[::]", "x", "."]; // prettier-ignore
  const ours = ["localhost", "LOCALHOST:PORT", "127.0.0.1", "127.1.2.3:PORT", "[::1]:PORT"];
  const named = ["store.example", "Store.Example:443", "xn--bcher-kva.example", "10.0.0.1"];
  const hosts = ["STORE.example", "b\u00fccher.example", "10.0.0.1"];
  const cases: [options: Partial<ListenOptions>, answered: string[], refused: string[]][] = [
    [{}, ours, [...strange, ...named]],
    [{ hosts: [] }, ours, [...strange, ...named]],
    [{ hosts }, [...ours, ...named], strange],
    [{ hosts: "*" }, [...ours, ...named, "evil.example"], []],
    // Where others reach it names are a matter of those who ask, unless some are given.
    [{ host: "0.0.0.0" }, [...ours, ...named, "evil.example"], []],
    [{ host: "0.0.0.0", hosts }, [...ours, ...named], strange],
  ];
  for (const [options, answered, refused] of cases) {
    await withServer({ answer, ...options }, async (_, port) => {
      for (const host of answered) {
        assert.match(await ask(port, "/entries", host.replace("PORT", `${port}`)), /^HTTP\/1\.1 200 /, host);
      }
      asked.length = 0;
      for (const host of refused) {
        const given = await ask(port, "/entries", host.replace("PORT", `${port}`));
        assert.match(given, /^HTTP\/1\.1 421 [^]*\nshelflife: invalid-argument\r\n[^]*"detail":"Request is for another host: expected localhost, a loopback address or one of/i, host); // prettier-ignore
        assert.doesNotMatch(given, /\naccess-control/i);
      }
      // What stands in the first line counts in place of the header, and what a proxy might say of it counts for nothing.
      if (refused.length) {
        assert.match(await ask(port, "http://evil.example/entries", "localhost"), /^HTTP\/1\.1 421 /);
        assert.match(await ask(port, "/", "evil.example\r\nx-forwarded-host: localhost"), /^HTTP\/1\.1 421 /);
      }
      assert.deepEqual(asked, []);
    });
  }
  // No browser leaves the name out.
  await withServer({ answer }, async (_, port) => {
    assert.match(await send(port, "GET / HTTP/1.0\r\n\r\n"), /^HTTP\/1\.1 200 /);
    assert.match(await ask(port, "/", ""), /^HTTP\/1\.1 200 /);
  });
  for (const wrong of [
    1,
    "store.example",
    ["http://store.example"],
    ["store.example:80"],
    ["a/b"],
    [""],
    ["a@b"],
    [7],
  ]) {
    await assert.rejects(
      listen({ answer, hosts: wrong as never }),
      (error: Error) => isStoreError(error, "bad-config") && error.message.includes("names such as store.example"),
    );
  }
});
