import assert from "node:assert/strict";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { basename, join } from "node:path";
import { test } from "vitest";
import { remote } from "../../../src/http/remote.ts";
import { utf8 } from "../../support/bytes.ts";
import { memory, serve } from "../../support/serveCommand.ts";
import { command, folder } from "../../support/world.ts";

test("it serves, says what and where, logs requests without their keys, and ends well", async () => {
  const server = await serve(memory, { now: () => 1_700_000_000_000 });
  const { time, ...first } = server.log[0];
  assert.deepEqual(first, {
    level: "info",
    event: "serving",
    store: "memory",
    url: server.url,
    access: "this machine",
  });
  assert.equal(time, "2023-11-14T22:13:20.000Z");
  const entry = new URL("entry?key=secret", server.url);
  assert.equal((await fetch(entry, { method: "PUT", body: "hidden" })).status, 204);
  assert.equal(await (await fetch(entry)).text(), "hidden");
  for (const path of ["health", "ready"]) assert.equal((await fetch(new URL(path, server.url))).status, 200);
  const metrics = await (await fetch(new URL("metrics", server.url))).text();
  assert.match(metrics, /http_server_request_duration_seconds_count\{.*http_route="\/entry"\} 1/);
  assert.match(metrics, /db_client_operation_duration_seconds_count\{db_operation_name="set"\} 1/);
  assert.equal((await fetch(new URL("metrics", server.url), { method: "POST" })).status, 405);

  const events = await fetch(new URL("changes", server.url));
  const { code, out, err } = await server.end();
  await events.text();
  assert.deepEqual([code, err], [0, ""]);
  assert.doesNotMatch(out, /secret|hidden/);
  // Whoever asks for its health all the time is not in the log.
  const requests = server.log.filter(({ method }) => method).map(({ method, resource, status }) => [method, resource, status]); // prettier-ignore
  assert.deepEqual(requests.slice(0, 3), [["PUT", "entry", 204], ["GET", "entry", 200], ["GET", "metrics", 200]]); // prettier-ignore
  assert.deepEqual(server.log.filter(({ event }) => event).map(({ event }) => event), ["serving", "closing", "closed"]); // prettier-ignore
  await assert.rejects(fetch(server.url), TypeError);
});

const everything = `store: { backend: memory }
requests: { backend: memory }
listen: { port: 0 }
cors: ["https://app.example"]
limits: { maxBytes: 2KiB, maxItems: 2 }
compress: true
base: /store
metrics: false
log: { requests: false }
`;

test("limits, CORS, base, compression and remembered requests are what the configuration says", async () => {
  writeFileSync(join(folder, "all.yaml"), everything);
  const server = await serve(["--config", "all.yaml"]);
  const entry = new URL("store/entry?key=a", server.url);
  const once = { "idempotency-key": "one" };
  const counts = [];
  for (let time = 0; time < 2; time++) {
    counts.push(await (await fetch(new URL("store/increment?key=n", server.url), { method: "POST", headers: once })).text()); // prettier-ignore
  }
  assert.deepEqual(counts, ["1", "1"]);
  assert.equal((await fetch(entry, { method: "PUT", body: "x".repeat(2000) })).status, 204);
  assert.equal((await fetch(entry, { method: "PUT", body: "x".repeat(2049) })).status, 413);
  const found = await fetch(entry, { headers: { origin: "https://app.example", "accept-encoding": "gzip" } });
  assert.equal(found.headers.get("access-control-allow-origin"), "https://app.example");
  assert.equal(found.headers.get("content-encoding"), "gzip");
  assert.equal((await fetch(new URL("entry?key=a", server.url))).status, 404);
  assert.equal((await fetch(new URL("store/metrics", server.url))).status, 404);
  const { out } = await server.end();
  assert.equal(out.trim().split("\n").length, 3);
});

test("a store's relative path counts from the configuration, and the log shows it whole", async () => {
  const home = join(folder, "a folder of its own for a configuration and its store, with a name that is long");
  mkdirSync(home);
  writeFileSync(join(home, "s.yaml"), "store: { backend: sqlite, parameters: { path: s.db } }\nlisten: { port: 0 }\n");
  const server = await serve(["--config", join(basename(home), "s.yaml")]);
  assert.equal(server.log[0].store, `sqlite ${join(home, "s.db")}`);
  await server.end();
  assert.ok(existsSync(join(home, "s.db")));
  // An option is no part of a file.
  await command(["set", "a", "b", "--store", '{"backend":"sqlite","parameters":{"path":"by-option.db"}}']);
  assert.ok(existsSync(join(folder, "by-option.db")));
});

test("a page whose name leads to this machine gets nothing, unless the name is configured", async () => {
  writeFileSync(
    join(folder, "hosts.yaml"),
    "store: { backend: memory }\nlisten: { port: 0, hosts: [store.example] }\n",
  );
  for (const [args, expected] of [
    [memory, [421, 421, 200]],
    [
      ["--config", "hosts.yaml"],
      [421, 200, 200],
    ],
  ] as const) {
    const server = await serve(args);
    const status = (host: string, path: string): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        const asked = request(new URL(path, server.url), { headers: { host } }, (response) => resolve(response.resume().statusCode)); // prettier-ignore
        asked.on("error", reject).end();
      });
    for (const path of ["entries", "health", "metrics"]) {
      const found = await Promise.all(["evil.example", "store.example", "localhost"].map((host) => status(host, path)));
      assert.deepEqual(found, expected, path);
    }
    await server.end();
  }
});

test("what cannot start says why, and leaves nothing open", async () => {
  const taken = await serve(memory);
  const port = new URL(taken.url).port;
  const busy = await command(["serve", "--store", '{"backend":"memory"}', "--port", port]);
  assert.deepEqual([busy.code, busy.out], [3, ""]);
  assert.match(busy.err, new RegExp(`^Cannot listen on 127\\.0\\.0\\.1, port ${port}: .*EADDRINUSE\n$`));
  await taken.end();
  const path = join(folder, "no", "such", "folder.db");
  const lost = await command(["serve", "--store", JSON.stringify({ backend: "sqlite", parameters: { path } })]);
  assert.deepEqual([lost.code, lost.out], [3, ""]);
  const open = await command(["serve", "--host", "0.0.0.0", "--port", "0"]);
  assert.deepEqual([open.code, open.out], [2, ""]);
  assert.match(open.err, /^expected "tokens" or "jwt" to say who may use the store, or "access: public" for everyone: "0\.0\.0\.0" is open/); // prettier-ignore
});

test("--check says whether it would start, and starts nothing", async () => {
  writeFileSync(join(folder, "all.yaml"), everything);
  const right = await command(["serve", "--config", "all.yaml", "--check"]);
  assert.deepEqual([right.code, right.out], [0, "all.yaml is right: serves memory\n"]);
  const json = await command(["serve", "--host", "0.0.0.0", "--access", "public", "--check", "--json"]);
  assert.deepEqual(JSON.parse(json.out), { ok: true, backend: "sqlite", access: "public" });
  writeFileSync(join(folder, "wrong.yaml"), "store: { backend: memory }\nbase: store\nport: 1\n");
  const wrong = await command(["serve", "--config", "wrong.yaml", "--check"]);
  assert.deepEqual([wrong.code, wrong.out], [2, ""]);
  assert.match(wrong.err, /^wrong\.yaml:2:7: .*\nwrong\.yaml:3:1: .*\n$/);
});

test("an operator that says that access is public lets everyone in, from other machines too", async () => {
  const server = await serve([...memory, "--host", "0.0.0.0", "--access", "public"]);
  const far = remote({ url: server.url.replace("0.0.0.0", "127.0.0.1") });
  try {
    await far.set("a", utf8("b"));
    assert.deepEqual(await far.get("a"), utf8("b"));
  } finally {
    await far.close();
    await server.end();
  }
});

test("a failure of the store is logged with its cause, and without the key", async () => {
  writeFileSync(
    join(folder, "failing.mjs"),
    `export const name = "failing";
     const fail = () => { throw new Error("no route to plain/key"); };
     export const factory = {
       valid: (given) => given,
       build: () => ({ get: fail, has: async () => false, close: async () => {}, isPersistent: () => true, async entry(key) { if (key === "plain/key") fail(); throw Object.assign(new Error('Cannot read "secret/key"', { cause: new Error("lost secret/key") }), { name: "StoreError", code: "unavailable", key }); } }),
     };`,
  );
  writeFileSync(join(folder, "failing.yaml"), "backends: [./failing.mjs]\nstore: { backend: failing }\nlisten: { port: 0 }\nmetrics: false\n"); // prettier-ignore
  const server = await serve(["--config", "failing.yaml"]);
  for (const key of ["secret/key", "plain/key"]) {
    const { status } = await fetch(new URL(`entry?key=${key}`, server.url));
    assert.ok(status >= 500);
  }
  const { out } = await server.end();
  const failures = server.log.filter(({ event }) => event === "failed").map((line) => ({ ...line, time: undefined }));
  assert.deepEqual(failures, [
    { time: undefined, level: "error", event: "failed", code: "unavailable", message: "Cannot read …", cause: "lost …" }, // prettier-ignore
    { time: undefined, level: "error", event: "failed", code: "failed", message: "no route to …" },
  ]);
  assert.doesNotMatch(out, /secret|plain/);
});

test("on a terminal the log is text", async () => {
  let out = "";
  const interrupt = new AbortController();
  let started: () => void;
  const start = new Promise<void>((resolve) => (started = resolve));
  const ended = command(["serve", ...memory], {
    isTerminal: true,
    interrupt: interrupt.signal,
    onOutput(text) {
      out += text;
      started();
    },
  });
  await start;
  const [url] = /http:\S+/.exec(out)!;
  await fetch(new URL("entry?key=a", url));
  interrupt.abort();
  await ended;
  assert.match(out, /^\d\d:\d\d:\d\d serving store=memory url=http:\S+ access=this machine\n/);
  assert.match(out, /\n\d\d:\d\d:\d\d GET \/entry 404 not-found \d+ms\n/);
});
