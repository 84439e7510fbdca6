// A watch that somebody reads keeps its process, and nothing else of a store does.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, test } from "vitest";
import { memory } from "../../src/backends/memory.ts";
import { sqlite } from "../../src/backends/sqlite.ts";
import { handler } from "../../src/http/handler.ts";
import { listen, type Listening } from "../../src/service/listen.ts";
import { commandsOn } from "../support/commandsOn.ts";
import { startValkey, type ValkeyServer } from "../support/valkey.ts";
import { runtimes } from "../../scripts/runtimes.mjs";

type Name = keyof typeof runtimes;

const folder = mkdtempSync(join(tmpdir(), "shelflife-"));
const script = fileURLToPath(new URL("watchChild.ts", import.meta.url));
let server: ValkeyServer;
let served: Listening;
beforeAll(async () => {
  [server, served] = await Promise.all([startValkey(), listen({ answer: handler(memory()), port: 0 })]);
});
afterAll(async () => {
  await Promise.all([server.stop(), served.close()]);
  rmSync(folder, { recursive: true, force: true });
});

let files = 0;
const media: Record<string, () => object> = {
  memory: () => ({}),
  sqlite: () => ({ path: join(folder, `${++files}.db`) }),
  valkey: () => ({ url: server.url, prefix: `${++files}/` }),
  remote: () => ({ url: served.url }),
  indexeddb: () => ({ database: "x" }),
  localstorage: () => ({}),
  prefix: () => ({}),
  json: () => ({}),
  cached: () => ({}),
};

/** Runs the child to its end, and resolves with its code and what it wrote. */
async function run(runtime: Name, ...args: readonly string[]): Promise<{ code: unknown; out: string; err: string }> {
  const [file, ...flags] = runtimes[runtime];
  const child = spawn(file!, [...flags, script, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let [out, err] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  const code = await new Promise((resolve) => child.once("close", resolve));
  return { code, out, err };
}

for (const runtime of Object.keys(runtimes) as Name[]) {
  // One medium for each way in which a watch waits, on every runtime; all of them on one.
  const names = Object.keys(media).filter((name) => runtime === "node24" || name === "memory" || name === "sqlite");
  for (const name of names) {
    test(`a watch that is read keeps its process: ${name} on ${runtime}`, async () => {
      const { code, out, err } = await run(runtime, name, JSON.stringify(media[name]!()));
      assert.deepEqual({ code, err }, { code: 0, err: "" });
      assert.deepEqual(JSON.parse(out), { type: "set", key: "key" });
    });
  }

  test(`a watch that is unref'd lets its process end, and so does a cached view: ${runtime}`, async () => {
    for (const name of ["memory", "sqlite"]) {
      const ended = await run(runtime, name, JSON.stringify(media[name]!()), "unref");
      assert.deepEqual(ended, { code: 0, out: "", err: "" });
    }
    assert.deepEqual(await run(runtime, "cached", "{}", "follows"), { code: 0, out: "", err: "" });
  });

  test(`the command watches until it is interrupted: ${runtime}`, async () => {
    const { folder, start } = commandsOn(runtime);
    const path = join(folder, "watched.db");
    const store = sqlite({ path });
    const running = start(["watch", "--store", JSON.stringify({ backend: "sqlite", parameters: { path } })]);
    // The watch has begun at some time: writes go on until one of them is reported.
    let isReported = false;
    const reported = running.printed(/^set key$/m).finally(() => (isReported = true));
    while (!isReported) {
      await store.set("key", new Uint8Array([1]));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await reported;
    running.child.kill("SIGTERM");
    const { code } = await running.ended;
    assert.notEqual(code, 13);
    await store.close();
  });
}
