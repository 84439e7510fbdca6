import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, test } from "vitest";
import { sqlite } from "../../src/backends/sqlite.ts";
import { isStoreError } from "../../src/core/error.ts";
import { remote } from "../../src/http/remote.ts";
import { text, utf8 } from "../support/bytes.ts";
import { createKilledServer } from "../support/killedServer.ts";

const folder = mkdtempSync(join(tmpdir(), "shelflife-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const rounds = 100;
const writers = 8;
const path = join(folder, "store.db");

interface Writer {
  /** How many values were acknowledged to it, each under a key of its own. */
  written: number;
  /** How often its counter was said to have been increased, and how often nobody knows whether it was. */
  counted: number;
  unknown: number;
}

// So many rounds take as long as the machine makes them: the limit is there for what hangs.
test(
  `a server that is killed ${rounds} times loses nothing of what it acknowledged, and counts exactly`,
  { timeout: 900_000 },
  async () => {
    const server = createKilledServer(path, join(folder, "requests.db"));
    const failure = new AbortController();
    const { signal } = failure;
    let isOver = false;
    let acknowledged = 0;
    let reached = (): void => {};
    let target = Infinity;
    const acknowledge = (): void => void (++acknowledged >= target && reached());

    async function write(index: number): Promise<Writer> {
      const writer: Writer = { written: 0, counted: 0, unknown: 0 };
      const counter = `counter ${index}`;
      // One of its own, so that the calls of different writers do not travel together and stand at different points.
      const store = remote({ url: server.mount, fetch: server.fetch, attempts: 20, timeout: 120_000 });
      // Of what was cut off between being noted and being answered nobody will ever know the outcome: it is not asked for long.
      const counters = remote({ url: server.mount, fetch: server.fetch, attempts: 3, timeout: 120_000 });
      let last = 0;
      while (!isOver) {
        await store.set(`${index}: ${writer.written}`, utf8(`value ${writer.written}`), { signal });
        writer.written++;
        acknowledge();
        try {
          const count = await counters.increment(counter, 1, { signal });
          // Each once, and none twice: but for those of which nobody knows.
          assert.ok(count > last && count <= last + 1 + writer.unknown, `${counter}: ${count} after ${last}`);
          last = count;
          writer.counted++;
          acknowledge();
        } catch (error) {
          if (!isStoreError(error, "conflict") && !isStoreError(error, "unavailable")) throw error;
          writer.unknown++;
        }
      }
      await Promise.all([store.close(), counters.close()]);
      return writer;
    }

    await server.start();
    const writing = Promise.all(Array.from({ length: writers }, (_, index) => write(index)));
    const failed = new Promise<never>((_, reject) => writing.catch(reject));
    try {
      for (let round = 1; round <= rounds; round++) {
        target = acknowledged + 1 + Math.floor(Math.random() * 60);
        await Promise.race([new Promise<void>((resolve) => (reached = resolve)), failed]);
        // At any point of what the others have under way.
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 4));
        await server.kill();
        await server.start();
      }
      isOver = true;
      const done = await writing;
      await server.kill();
      await verify(done);
    } finally {
      failure.abort();
      await server.kill();
    }
  },
);

async function verify(done: readonly Writer[]): Promise<void> {
  const db = new DatabaseSync(path);
  assert.deepEqual({ ...db.prepare("PRAGMA integrity_check").get() }, { integrity_check: "ok" });
  db.close();
  const opened = sqlite({ path });
  for (const [index, { written, counted, unknown }] of done.entries()) {
    const keys = Array.from({ length: written }, (_, each) => `${index}: ${each}`);
    const found = await opened.findMany(keys);
    const lost = keys.filter((_, each) => text(found[each]) !== `value ${each}`);
    assert.deepEqual(lost, [], `of ${written}`);
    const value = Number(text(await opened.find(`counter ${index}`)) ?? 0);
    assert.ok(counted <= value && value <= counted + unknown, `${value}, reported ${counted}, unknown ${unknown}`);
  }
  await opened.close();
}
