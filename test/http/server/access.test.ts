import assert from "node:assert/strict";
import { test } from "vitest";
import { isStoreError, StoreError } from "../../../src/core/error.ts";
import type { Action, Scope } from "../../../src/http/handler.ts";
import { bytes, pair, text } from "../../support/pair.ts";

/** Every request that does something, with what it needs. */
const requests: readonly (readonly [method: string, path: string, needs: readonly Action[], body?: string])[] = [
  ["GET", "entry?key=a", ["read"]],
  ["HEAD", "entry?key=a", ["read"]],
  ["PUT", "entry?key=a", ["write"], "x"],
  ["DELETE", "entry?key=a", ["write"]],
  ["GET", "entries", ["list"]],
  ["DELETE", "entries?prefix=", ["write"]],
  ["POST", "batch", ["read"], '{"find":["a"]}\n'],
  ["POST", "batch", ["write"], '{"set":[]}\n'],
  ["POST", "batch", ["write"], '{"delete":["a"]}\n'],
  ["POST", "take?key=a", ["read", "write"]],
  ["POST", "increment?key=n", ["read", "write"]],
  ["POST", "touch?key=a", ["write"]],
  ["POST", "sweep", ["write"]],
  ["GET", "changes", ["watch"]],
];

test("without credentials every request is unauthorized, and none reaches the store", async () => {
  for (const answer of [false, undefined, null, 0, "", "yes", 1] as never[]) {
    const { ask, store } = pair({ handler: { authorize: () => answer } });
    await store.set("a", bytes("old"));
    for (const [method, path, , body] of requests) {
      const response = await ask(method, path, body === undefined ? {} : { body });
      assert.deepEqual(
        [response.status, response.headers.get("shelflife")],
        [401, "unauthorized"],
        `${method} ${path}`,
      );
      assert.equal(response.headers.get("www-authenticate"), "Bearer");
    }
    assert.equal(text(await store.get("a")), "old");
  }
});

test("a check that fails lets no client in", async () => {
  let thrown: unknown = new Error("no database, password=secret");
  const { ask } = pair({
    handler: {
      authorize: () => {
        throw thrown;
      },
    },
  });
  const failed = await ask("GET", "entry?key=a");
  assert.equal(failed.status, 500);
  assert.doesNotMatch(await failed.text(), /secret/);
  thrown = new StoreError("unauthorized", "Token has expired: expected a new one");
  const refused = await ask("GET", "entry?key=a");
  assert.deepEqual(
    [refused.status, ((await refused.json()) as { detail: string }).detail],
    [401, (thrown as Error).message],
  );
});

test("a scope can do what it lists and nothing else", async () => {
  for (const can of [[], ["read"], ["write"], ["list"], ["watch"], ["read", "write"]] as Action[][]) {
    const { ask, store } = pair({ handler: { authorize: async () => ({ can }) } });
    for (const [method, path, needs, body] of requests) {
      await store.set("a", bytes("old"));
      const response = await ask(method, path, body === undefined ? {} : { body });
      const isAllowed = needs.every((action) => can.includes(action));
      assert.equal(response.status === 403, !isAllowed, `${method} ${path} with ${can.join()}: ${response.status}`);
      if (!isAllowed) assert.equal(response.headers.get("shelflife"), "unauthorized");
      await response.body?.cancel();
    }
  }
});

test("a condition on a write asks for the right to read, as it gives the value away", async () => {
  const secret = bytes("4711");
  const tag = Buffer.from(await crypto.subtle.digest("SHA-256", secret)).toString("hex");
  const swap = (wanted: string): string => `["swap","pin",1,${wanted},null]`;
  for (const can of [["write"], ["write", "list", "watch"], ["read", "write"]] as Action[][]) {
    const { ask, store } = pair({ handler: { authorize: () => ({ can }) } });
    await store.set("pin", secret);
    const mayRead = can.includes("read");
    for (const method of ["PUT", "DELETE"]) {
      for (const headers of [{ "if-match": `"${tag}"` }, { "if-match": '"x"' }, { "if-none-match": `"${tag}"` }, { "if-none-match": "*" }]) {
        const { status } = await ask(method, "entry?key=pin", { headers: headers as {}, ...(method === "PUT" && { body: "4711" }) });
        assert.equal(status === 403, !mayRead, `${method} ${JSON.stringify(headers)} with ${can.join()}: ${status}`);
        await store.set("pin", secret);
      } // prettier-ignore
    }
    const body = `{"calls":[${swap('"x"')},${swap("null")},${swap(`"${tag}"`)}]}\n123`;
    const answer = await (await ask("POST", "batch", { body })).text();
    if (mayRead) assert.equal(answer, "[false,false,true]\n");
    else assert.equal(answer.match(/"code":"unauthorized"/g)?.length, 3, answer);
    // A lifetime that is kept gives nothing away.
    assert.equal((await ask("PUT", "entry?key=pin", { headers: { "shelflife-ttl": "keep" }, body: "x" })).status, 204);
  }
});

test("the remote distinguishes a refusal from an outage and from a miss", async () => {
  const scope: Scope = { can: ["read"] };
  const { far, sent } = pair({
    handler: { authorize: ({ headers }) => headers.get("authorization") === "Bearer good" && scope },
  });
  await assert.rejects(far.find("a"), (error) => isStoreError(error, "unauthorized"));
  assert.equal(sent.length, 1);
  const good = pair({
    handler: { authorize: ({ headers }) => headers.get("authorization") === "Bearer good" && scope },
    remote: { token: "good" },
  });
  assert.equal(await good.far.find("a"), undefined);
  for (const call of [
    () => good.far.set("a", bytes("x")),
    () => good.far.list(),
    () => good.far.watch().next(),
    () => good.far.take("a"),
  ]) {
    await assert.rejects(
      call,
      (error) => isStoreError(error, "unauthorized") && /right to (write|list|watch)/.test(error.message),
    );
  }
});

test("a scope's prefix is not seen and cannot be left", async () => {
  const { far, store, ask } = pair({ handler: { authorize: () => ({ prefix: "tenant/1/" }) } });
  await store.setMany([
    ["tenant/1/a", bytes("mine")],
    ["tenant/2/a", bytes("other")],
    ["tenant/1", bytes("root")],
    ["z", bytes("z")],
  ]);
  for (const key of ["../2/a", "/../../tenant/2/a", "tenant/2/a", "\0../2/a", "..%2f2/a", "z", "__proto__"]) {
    assert.equal(await far.find(key), undefined, key);
    await far.set(key, bytes("x"));
  }
  assert.equal(text(await store.get("tenant/2/a")), "other");
  assert.equal(text(await store.get("z")), "z");
  await far.clear();
  assert.deepEqual(
    (await store.list()).entries.map(({ key }) => key),
    ["tenant/1", "tenant/2/a", "z"],
  );

  for (let index = 0; index < 5; index++) await far.set(`k${index}`, bytes("x"));
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const answer = await ask(
      "GET",
      `entries?limit=2${cursor === undefined ? "" : `&cursor=${encodeURIComponent(cursor)}`}`,
    );
    const body = await answer.text();
    assert.doesNotMatch(body, /tenant/);
    const page = JSON.parse(body) as { entries: { key: string }[]; cursor?: string };
    seen.push(...page.entries.map(({ key }) => key));
    ({ cursor } = page);
  } while (cursor !== undefined);
  assert.deepEqual(seen, ["k0", "k1", "k2", "k3", "k4"]);
  for (const forged of ["tenant/2/", "-tenant/1/zzz", "-", "+", "-z", "+../"]) {
    const page = await ask("GET", `entries?cursor=${encodeURIComponent(forged)}`);
    assert.doesNotMatch(await page.text(), /"key":"(a|tenant|z)/, forged);
  }

  const watch = far.watch();
  const first = watch.next();
  await far.set("b", bytes("x"));
  assert.deepEqual(await first, { done: false, value: { type: "set", key: "b" } });
  await store.set("tenant/2/b", bytes("x"));
  await far.set("c", bytes("x"));
  assert.deepEqual((await watch.next()).value, { type: "set", key: "c" });
  await watch.return!();
  await far.set("word", bytes("x"));
  await assert.rejects(
    far.increment("word"),
    (error) => isStoreError(error, "cant-decode") && error.key === "word" && !error.message.includes("tenant"),
  );
  await assert.rejects(
    far.get("k".repeat(1020)),
    (error) => isStoreError(error, "invalid-argument") && !error.message.includes("tenant"),
  );
});

const page = "https://page.test";

test("without cors no page of another origin reads an answer", async () => {
  const { ask } = pair();
  const response = await ask("GET", "entry?key=a", { headers: { origin: page } });
  assert.equal(response.headers.get("access-control-allow-origin"), null);
  const preflight = await ask("OPTIONS", "entry?key=a", {
    headers: { origin: page, "access-control-request-method": "PUT" },
  });
  assert.deepEqual(
    [...preflight.headers.keys()].filter((name) => name.startsWith("access-control")),
    [],
  );
});

test("listed origins read everything that a remote needs", async () => {
  const { ask, store } = pair({ handler: { cors: [page] } });
  await store.set("a", bytes("x"));
  for (const path of ["entry?key=a", "entry?key=none", "none"]) {
    const { headers } = await ask("GET", path, { headers: { origin: page } });
    assert.equal(headers.get("access-control-allow-origin"), page);
    assert.equal(
      headers.get("access-control-expose-headers"),
      "content-encoding, etag, shelflife-last, shelflife, shelflife-replica, retry-after, shelflife-ttl",
    );
    assert.equal(headers.get("vary"), "origin");
    assert.equal(headers.get("access-control-allow-credentials"), null);
  }
  for (const origin of [
    "https://page.test.evil.test",
    "http://page.test",
    "https://page.test:444",
    "null",
    "https://PAGE.test",
  ]) {
    const { headers } = await ask("GET", "entry?key=a", { headers: { origin } });
    assert.equal(headers.get("access-control-allow-origin"), null, origin);
    assert.equal(headers.get("vary"), "origin");
  }
});

test("a preflight is answered without credentials", async () => {
  const { ask } = pair({ handler: { cors: [page], authorize: () => false } });
  const wanted = "authorization, if-match, shelflife-ttl, x-own";
  const preflight = await ask("OPTIONS", "entry?key=a", {
    headers: { origin: page, "access-control-request-method": "PUT", "access-control-request-headers": wanted },
  });
  assert.equal(preflight.status, 204);
  assert.equal(preflight.headers.get("access-control-allow-origin"), page);
  assert.match(preflight.headers.get("access-control-allow-methods")!, /\bPUT\b.*\bDELETE\b/);
  assert.equal(preflight.headers.get("access-control-allow-headers"), wanted);
  assert.equal(preflight.headers.get("access-control-max-age"), "7200");
  const unlisted = await ask("OPTIONS", "entry?key=a", {
    headers: { origin: "https://evil.test", "access-control-request-method": "PUT" },
  });
  assert.equal(unlisted.headers.get("access-control-allow-origin"), null);
});

test("every origin may be listed by a star", async () => {
  const { ask } = pair({ handler: { cors: "*" } });
  const { headers } = await ask("GET", "entry?key=a", { headers: { origin: "https://any.test" } });
  assert.deepEqual([headers.get("access-control-allow-origin"), headers.get("vary")], ["*", null]);
});

test("a foreign page cannot make a browser change anything", async () => {
  const attempts = requests.filter(([method]) => !["GET", "HEAD"].includes(method));
  const foreign: Record<string, string>[] = [
    { origin: "https://evil.test" },
    { origin: "null" },
    { origin: "https://evil.test", "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "cross-site" },
    { origin: "https://sub.store.test", "sec-fetch-site": "same-site" },
  ];
  const own: Record<string, string>[] = [
    {},
    { origin: "http://store.test" },
    // Behind a proxy that ends TLS, or that has the handler see another host.
    { origin: "https://store.test" },
    { origin: "https://outside.test", "sec-fetch-site": "same-origin" },
    { "sec-fetch-site": "none" },
  ];
  for (const [method, path, , body] of attempts) {
    const { ask, store } = pair({ handler: { cors: [page] } });
    const send = async (headers: Record<string, string>): Promise<number> => {
      await store.set("a", bytes("old"));
      const { status } = await ask(method, path, { headers, ...(body !== undefined && { body }) });
      return status;
    };
    for (const headers of foreign)
      assert.equal(await send(headers), 403, `${method} ${path} ${JSON.stringify(headers)}`);
    assert.equal(text(await store.get("a")), "old");
    for (const headers of [...own, { origin: page, "sec-fetch-site": "cross-site" }]) {
      assert.ok((await send(headers)) < 300, `${method} ${path} ${JSON.stringify(headers)}`);
    }
  }
});
