import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "vitest";
import { memory } from "../../src/backends/memory.ts";
import { docs } from "../../src/http/docs.ts";
import { handler } from "../../src/http/handler.ts";
import { openapi } from "../../src/http/openapi.ts";

const serve = docs(handler(memory(), { authorize: () => false }));
const ask = (path: string, init?: RequestInit): Promise<Response> =>
  serve(new Request(`http://store.test/some/where/${path}`, init));

test("beside the resources stand the document and its page, for everyone and under any mount", async () => {
  const document = await ask("openapi.json");
  assert.deepEqual([document.status, document.headers.get("content-type")], [200, "application/json"]);
  assert.deepEqual(await document.json(), JSON.parse(JSON.stringify(openapi())));
  const page = await ask("docs?x#y");
  assert.deepEqual([page.status, page.headers.get("content-type")], [200, "text/html; charset=utf-8"]);
  for (const path of ["docs", "openapi.json"]) {
    const head = await ask(path, { method: "HEAD" });
    assert.deepEqual([head.status, await head.text()], [200, ""]);
    const etag = head.headers.get("etag")!;
    const known = await ask(path, { headers: { "if-none-match": `W/${etag}` } });
    assert.deepEqual([known.status, await known.text()], [304, ""]);
    assert.equal((await ask(path, { headers: { "if-none-match": '"x"' } })).status, 200);
    assert.equal((await ask(path, { method: "POST" })).status, 404);
  }
  // Anything else is the handler's.
  assert.equal((await ask("entry?key=docs")).status, 401);
  assert.equal((await ask("docs/none")).status, 404);
  assert.equal((await ask("entry?key=/docs")).status, 401);
  assert.equal((await ask("constructor")).status, 404);
});

test("the page describes every request, runs nothing and asks for nothing", async () => {
  const response = await ask("docs");
  const text = await response.text();
  for (const [path, methods] of Object.entries(openapi().paths)) {
    for (const [method, { operationId, summary }] of Object.entries(methods)) {
      if (method === "options") continue;
      assert.ok(text.includes(`<section id="${operationId}"`) && text.includes(`href="#${operationId}"`), operationId);
      assert.ok(text.includes(summary) && text.includes(path));
    }
  }
  assert.doesNotMatch(text, /<script|\bon\w+=|(src|action)=|url\(|@import|undefined|\[object/);
  const links = [...text.matchAll(/href="([^"]*)"/g)].map(([, link]) => link!);
  assert.deepEqual([...new Set(links.filter((link) => !link.startsWith("#")))], ["data:,", "openapi.json"]);
  for (const link of links.filter((each) => each.startsWith("#"))) assert.ok(text.includes(`id="${link.slice(1)}"`), link); // prettier-ignore
  const style = /<style>([^]*)<\/style>/.exec(text)![1]!;
  const hash = createHash("sha256").update(style).digest("base64");
  assert.equal(
    response.headers.get("content-security-policy"),
    `default-src 'none'; style-src 'sha256-${hash}'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  );
  assert.equal(response.headers.get("x-content-type-options"), "nosniff");
});
