import assert from "node:assert/strict";
import { afterAll, beforeAll, test } from "vitest";
import { memory } from "../../src/backends/memory.ts";
import type { Store } from "../../src/core/contract.ts";
import { isStoreError } from "../../src/core/error.ts";
import { handler } from "../../src/http/handler.ts";
import { remote } from "../../src/http/remote.ts";
import { listen, type Listening } from "../../src/service/listen.ts";
import type { Subject } from "../../src/testing/case.ts";
import { cases } from "../../src/testing/cases.ts";
import { oddKeys } from "../../src/testing/cases/keys.ts";
import { casesFor, prove } from "../../src/testing/prove.ts";
import { openRemote, storesPath, storeServer } from "../support/storeServer.ts";
import { freePort } from "../support/freePort.ts";
import { startNginx, type Nginx } from "../support/nginx.ts";
import { bytes, text } from "../support/pair.ts";

const store = memory();
let app: Listening;
let nginx: Nginx;
/** How nginx stands in front: as it does by itself, or with a path of its own, kept connections and compression. */
const fronts = { plain: "", mounted: "" };
type Front = keyof typeof fronts;

const keptAlive = `proxy_http_version 1.1; proxy_set_header Connection "";`;

beforeAll(async () => {
  const serveOne = handler(store);
  const serveCases = storeServer(memory, handler);
  app = await listen({
    // nginx asks for it by the name of its upstream.
    hosts: ["app"],
    answer: (request) => (/\/(stores|media)\//.test(request.url) ? serveCases(request) : serveOne(request)),
  });
  const [plain, mounted, dead] = [await freePort(), await freePort(), await freePort()];
  fronts.plain = `http://127.0.0.1:${plain}`;
  fronts.mounted = `http://127.0.0.1:${mounted}`;
  nginx = await startNginx(
    Number(new URL(app.url).port),
    `server { listen 127.0.0.1:${plain}; location / { proxy_pass http://app; } }
     server { listen 127.0.0.1:${mounted};
       gzip on; gzip_types *; gzip_min_length 1; gzip_proxied any;
       location /store/ { proxy_pass http://app/; ${keptAlive} }
       location ${storesPath} { proxy_pass http://app/media/; ${keptAlive} }
       location /dead/ { proxy_pass http://127.0.0.1:${dead}; }
     }`,
  );
});
afterAll(async () => {
  await nginx?.stop();
  await app?.close({ grace: 1 });
});

/** The store as it is seen through nginx. */
const through = (front: Front): Store => remote({ url: `${fronts[front]}${front === "mounted" ? "/store" : ""}/` });

for (const front of ["plain", "mounted"] as const) {
  const subject: Subject = {
    name: `remote through nginx, ${front}`,
    can: ["atomic", "transact", "list", "sweep", "watch", "bytes", "shared", "persistent"],
    rounds: 20,
    open: (medium, options) => openRemote(remote, fronts[front], medium, options, (request) => fetch(request)),
  };
  for (const each of casesFor(cases, subject)) test(`${subject.name}: ${each.name}`, () => prove(each, subject));

  test(`every key survives nginx, ${front}: alone, in a batch, in a listing, in changes`, async () => {
    const far = through(front);
    await store.clear();
    const keys = [...new Set([...oddKeys, "k".repeat(1024), "\u{1f600}".repeat(256), "%2e%2e/", "a;b", "a\\b", "../..", "//a//"])]; // prettier-ignore
    const changes = far.watch();
    const first = changes.next();
    for (const key of keys) await far.set(key, bytes(`value of ${key}`));
    const seen = [(await first).value.key];
    while (seen.length < keys.length) seen.push((await changes.next()).value.key);
    await changes.return!();
    assert.deepEqual(seen, keys);
    for (const key of keys) assert.equal(text(await store.get(key)), `value of ${key}`, JSON.stringify(key));
    const found = await Promise.all(keys.map((key) => far.get(key)));
    assert.deepEqual(found.map(text), keys.map((key) => `value of ${key}`)); // prettier-ignore
    assert.deepEqual((await far.findMany(keys)).map(text), found.map(text));
    const listed: string[] = [];
    for await (const key of far.keys()) listed.push(key);
    assert.deepEqual(listed.sort(), [...keys].sort());
    for (const key of keys) {
      await far.update(key, () => bytes("new"));
      assert.equal(text(await far.take(key)), "new", JSON.stringify(key));
    }
    await far.close();
  });
}

test("a tag that nginx made weak by compressing holds for reads and writes, and the type is kept", async () => {
  const url = `${fronts.mounted}/store/entry?key=a`;
  const body = bytes("compress me ".repeat(1000));
  const put = (headers: Record<string, string>): Promise<Response> => fetch(url, { method: "PUT", body, headers });
  assert.equal((await put({ "content-type": "text/plain", "shelflife-ttl": "60000" })).status, 204);
  const read = await fetch(url);
  assert.deepEqual([read.headers.get("content-encoding"), read.headers.get("content-type")], ["gzip", "text/plain"]);
  assert.deepEqual(new Uint8Array(await read.arrayBuffer()), body);
  const etag = read.headers.get("etag")!;
  assert.match(etag, /^W\/"/);
  assert.equal((await fetch(url, { headers: { "if-none-match": etag } })).status, 304);
  assert.equal((await put({ "if-match": etag })).status, 204);
  assert.equal((await put({ "if-none-match": etag })).status, 412);
  const head = await fetch(url, { method: "HEAD" });
  assert.deepEqual([head.status, head.headers.get("shelflife")], [200, "ok"]);
});

test("a watch goes on when nginx is reloaded, each change once", async () => {
  for (const front of ["plain", "mounted"] as const) {
    const far = through(front);
    const changes = far.watch({ prefix: "reload/" });
    const first = changes.next();
    await far.set("reload/0", bytes("x"));
    assert.equal((await first).value.key, "reload/0");
    let count = 0;
    for (let round = 1; round <= 2; round++) {
      let isOver = false;
      const reloading = nginx.reload().finally(() => (isOver = true));
      // While the workers change, and once more.
      for (let isLast = false; !isLast;) {
        isLast = isOver;
        const keys = Array.from({ length: 30 }, () => `reload/${++count}`);
        for (const key of keys) await far.set(key, bytes("x"));
        for (const key of keys) assert.equal((await changes.next()).value.key, key);
      }
      await reloading;
    }
    await changes.return!();
    await far.close();
  }
});

test("what nginx says by itself is an outage, no miss and no value", async () => {
  for (const path of ["/dead/", "/nowhere"]) {
    const far = remote({ url: `${fronts.mounted}${path}`, attempts: 1 });
    await assert.rejects(far.find("a"), (error) => isStoreError(error, "unavailable"));
    await assert.rejects(far.delete("a"), (error) => isStoreError(error, "unavailable"));
    await far.close();
  }
  const far = remote({ url: fronts.plain, attempts: 1 });
  await assert.rejects(far.set("large", new Uint8Array(9_000_000)), (error) => isStoreError(error, "unavailable"));
  assert.equal(await store.has("large"), false);
  await far.close();
});
