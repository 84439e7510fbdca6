import assert from "node:assert/strict";
import { existsSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "vitest";
import { memory, serve, type Serving } from "../../support/serveCommand.ts";
import { command, folder } from "../../support/world.ts";

const push = '{"push":[["add","n",1,null]]}\n';
const post = (server: Serving, path: string, headers: Record<string, string> = {}, body = ""): Promise<Response> =>
  fetch(new URL(path, server.url), { method: "POST", headers, body });
const storeIn = (path: string): string[] => ["--store", JSON.stringify({ backend: "sqlite", parameters: { path } }), "--port", "0"]; // prettier-ignore

test("beside a SQLite file a server remembers, across restarts, which requests were applied", async () => {
  const path = join(folder, "beside.db");
  const beside = `${path}-requests`;
  const args = storeIn(path);
  let server = await serve(args);
  assert.equal(server.log[0].requests, `sqlite ${beside}`);
  assert.equal(statSync(beside).mode & 0o777, 0o600);
  const { name } = (await (await post(server, "replica")).json()) as { name: string };
  const ticket = { "shelflife-replica": `${name} 1 x` };
  const answer = await (await post(server, "batch", ticket, push)).text();
  assert.match(answer, /^\[\[true,\[1,null,"[\da-f]{64}"\]\]\]\n1$/);
  assert.equal(await (await post(server, "increment?key=m", { "idempotency-key": "x" })).text(), "1");
  await server.end();

  server = await serve(args);
  assert.equal(await (await post(server, "batch", ticket, push)).text(), answer);
  assert.equal(await (await post(server, "increment?key=m", { "idempotency-key": "x" })).text(), "1");
  assert.equal((await post(server, "batch", { "shelflife-replica": `${name} 2 x` }, push)).status, 200);
  await server.end();

  // Without what was remembered nothing is applied.
  for (const ending of ["", "-wal", "-shm"]) rmSync(beside + ending, { force: true });
  server = await serve(args);
  for (const sequence of [2, 3]) {
    const refused = await post(server, "batch", { "shelflife-replica": `${name} ${sequence} x` }, push);
    assert.deepEqual([refused.status, refused.headers.get("shelflife-replica")], [409, "forgotten"]);
  }
  assert.equal(await (await fetch(new URL("entry?key=n", server.url))).text(), "2");
  await server.end();
});

test("a server that is given a store for that, or stands on no file, has none beside it", async () => {
  for (const [name, store, requests, shown] of [
    ["other.db", "{ backend: sqlite, parameters: { path: other.db } }", "{ backend: memory }", "memory"],
    ["none.db", '{ backend: sqlite, parameters: { path: ":memory:" } }', undefined, undefined],
    ["none.db", "{ backend: memory }", undefined, undefined],
  ] as const) {
    writeFileSync(join(folder, "given.yaml"), `store: ${store}\nlisten: { port: 0 }\n${requests ? `requests: ${requests}\n` : ""}`); // prettier-ignore
    const server = await serve(["--config", "given.yaml"]);
    assert.equal(server.log[0].requests, shown);
    const { name: replica } = (await (await post(server, "replica")).json()) as { name: string };
    assert.equal((await post(server, "batch", { "shelflife-replica": `${replica} 1 x` }, push)).status, 200);
    await server.end();
    assert.ok(!existsSync(join(folder, `${name}-requests`)) && !existsSync(join(folder, ":memory:-requests")));
  }
  const server = await serve(memory);
  assert.ok(!("requests" in server.log[0]));
  await server.end();
});

test("a check makes no file, and help says where one is made", async () => {
  const checked = await command(["serve", "--check", ...storeIn(join(folder, "checked.db"))]);
  assert.equal(checked.code, 0);
  assert.ok(!existsSync(join(folder, "checked.db-requests")));
  assert.match((await command(["serve", "--help"])).out, /-requests/);
});
