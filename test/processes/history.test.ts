// Two servers of one SQLite file, which are asked in turn and killed, and a client that is away most of the time.
import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, test } from "vitest";
import { memory } from "../../src/backends/memory.ts";
import type { Store } from "../../src/core/contract.ts";
import { remote } from "../../src/http/remote.ts";
import { offline } from "../../src/offline.ts";
import { text, utf8 } from "../support/bytes.ts";
import { createKilledServer } from "../support/killedServer.ts";
import { kept } from "../support/offlinePair.ts";
import { tamper } from "../support/sqliteFiles.ts";

const folder = mkdtempSync(join(tmpdir(), "shelflife-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const path = join(folder, "store.db");
const history = { maxChanges: 100 };
const servers = [0, 1].map(() => createKilledServer(path, join(folder, "requests.db"), { history }));
const start = (): Promise<unknown> => Promise.all(servers.map((server) => server.start()));
const kill = (): Promise<unknown> => Promise.all(servers.map((server) => server.kill()));
afterAll(kill);

let turn = 0;
// How often all there is was listed, with tags to be compared.
let listings = 0;
/** A store whose requests go to the servers in turn. */
const far = (): Store =>
  remote({
    url: servers[0]!.mount,
    fetch(url, init) {
      if (new URL(url).searchParams.has("tags")) listings++;
      return servers[turn++ % 2]!.fetch(url, init);
    },
  });

async function contentOf(store: Store): Promise<Record<string, string>> {
  const content: Record<string, string> = {};
  for await (const { key, value } of store.entries()) content[key] = text(value)!;
  return content;
}

test("a client that was away gets what has changed from either server, compares where that is not known, and is right", async () => {
  const local = memory();
  const others = far();

  /** Comes back for a moment: brings the client up to date and returns how often it has listed all there is. */
  async function comeBack(): Promise<number> {
    listings = 0;
    const client = offline(kept(local), far());
    await client.increment("visits");
    await client.sync();
    await client.flush();
    await client.sync();
    assert.deepEqual(await contentOf(client), await contentOf(others));
    await client.close();
    return listings;
  }

  await start();
  const items = Array.from({ length: 300 }, (_, index) => [`key ${index}`, utf8(`${index}`)] as const);
  await others.setMany(items);
  // The first time all there is is listed.
  assert.ok((await comeBack()) > 0);

  for (let round = 0; round < 3; round++) {
    await others.set(`key ${round}`, utf8(`round ${round}`));
    await others.setMany([[`new ${round}`, utf8("x")], ["often", utf8(`${round}`)]]); // prettier-ignore
    await others.deleteMany([`key ${100 + round}`, `new ${round - 1}`]);
    await others.set("short", utf8("x"), { ttl: 1 });
    const restarted = servers[round % 2]!;
    await restarted.kill();
    await restarted.start();
    assert.equal(await comeBack(), 0, `round ${round}`);
  }

  // More than the log has, once what was killed is given up.
  tamper(path, "DELETE FROM watchers WHERE id <> 'history'");
  for (let round = 0; round < 6; round++) await others.setMany(items);
  assert.ok((await comeBack()) > 0);
  assert.equal(await comeBack(), 0);

  // A backup is put in the place of the file. What was written since is gone, and so it is for the client.
  await kill();
  copyFileSync(path, join(folder, "backup.db"));
  await start();
  await others.set("lost", utf8("x"));
  await others.set("key 7", utf8("lost"));
  assert.equal(await comeBack(), 0);
  await kill();
  for (const ending of ["-wal", "-shm"]) rmSync(path + ending, { force: true });
  renameSync(join(folder, "backup.db"), path);
  await start();
  await others.set("key 8", utf8("after"));
  assert.ok((await comeBack()) > 0);
  assert.equal(await comeBack(), 0);
  await others.close();
});
