import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "vitest";
import { withHistory } from "../../../src/cli/serving/withHistory.ts";
import type { Polled } from "../../../src/http/wire.ts";
import { showChange } from "../../support/showChange.ts";
import { serve, type Serving } from "../../support/serveCommand.ts";
import { folder } from "../../support/world.ts";

async function poll(server: Serving, after?: string): Promise<Polled> {
  const url = new URL(`changes${after === undefined ? "" : `?after=${after}`}`, server.url);
  return (await (await fetch(url, { headers: { accept: "application/json" } })).json()) as Polled;
}

test("a server of a SQLite file knows after a restart what has changed, unless it is configured not to remember it", async () => {
  const config = (rest = ""): string[] => {
    const source = `store: { backend: sqlite, parameters: { path: kept.db } }\nlisten: { port: 0 }\n${rest}`;
    writeFileSync(join(folder, "history.yaml"), source);
    return ["--config", "history.yaml"];
  };
  const change = async (server: Serving, key: string): Promise<void> => {
    assert.equal((await fetch(new URL(`entry?key=${key}`, server.url), { method: "PUT", body: "x" })).status, 204);
  };
  let server = await serve(config());
  const { last } = await poll(server);
  await change(server, "a");
  await server.end();
  server = await serve(config("history: { maxChanges: 5 }\n"));
  await change(server, "b");
  const polled = await poll(server, last);
  assert.deepEqual([polled.changes.map(showChange), polled.resync], [["set a", "set b"], undefined]);
  await server.end();
  server = await serve(config("history: false\n"));
  assert.equal((await poll(server, polled.last)).resync, true);
  await server.end();
});

test("what the parameters of a store say counts, and other stores are left as they are", () => {
  const history = { maxAge: 5 };
  for (const [given, more, expected] of [
    [{ path: "a" }, undefined, { path: "a", history: true }],
    [{ path: "a" }, false, { path: "a", history: false }],
    [{ path: "a" }, history, { path: "a", history }],
    [{ path: "a", history: false }, history, { path: "a", history: false }],
  ] as const) {
    for (const backend of ["sqlite", "valkey"])
      assert.deepEqual(withHistory({ backend, parameters: given }, more), { backend, parameters: expected });
    assert.deepEqual(withHistory({ backend: "memory", parameters: given }, more), {
      backend: "memory",
      parameters: given,
    });
  }
});
