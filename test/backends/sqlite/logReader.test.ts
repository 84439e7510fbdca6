import assert from "node:assert/strict";
import { copyFileSync, renameSync } from "node:fs";
import { onTestFinished, test } from "vitest";
import { createChangeLog } from "../../../src/backends/sqlite/changeLog.ts";
import { createTrimmer } from "../../../src/backends/sqlite/history.ts";
import { openFile } from "../../../src/backends/sqlite/file.ts";
import { createWatches, type Watches } from "../../../src/backends/sqlite/watches.ts";
import { createWorkQueue } from "../../../src/backends/sqlite/workQueue.ts";
import { utf8 } from "../../support/bytes.ts";
import { refused } from "../../support/refused.ts";
import { count, fresh, tamper, using } from "../../support/sqliteFiles.ts";
import { until } from "../../support/until.ts";

/** The watches of a file, as a store has them, and what a watch of them says. */
function openWatches(path: string): { watches: Watches; begin: () => Promise<string[]>; hold: () => Promise<unknown> } {
  const log = createChangeLog(createTrimmer(() => Date.now()));
  const queue = createWorkQueue({
    path,
    open: () => openFile({ path }),
    begin: log.begin,
    end: (client) => log.end(client, watches.id()),
    committed() {},
    put() {},
    makeRoom() {},
  });
  const watches = createWatches(queue, log);
  onTestFinished(async () => {
    await watches.close();
    await queue.close();
  });
  return {
    watches,
    async begin() {
      const said: string[] = [];
      const observer = {
        changed: ({ type, key }: { type: string; key?: string }) => said.push(`${type} ${key}`),
        resync: () => said.push("resync"),
        failed: (error: unknown) => said.push(String(error)),
      };
      await watches.watch(observer);
      return said;
    },
    hold: () => queue.read(() => {}),
  };
}

const write = (path: string, ...keys: string[]): Promise<void> =>
  using({ path }, (store) => store.setMany(keys.map((key) => [key, utf8("x")] as const)));

test("a watch that the file has forgotten says so, and goes on", async () => {
  const path = fresh();
  const { begin } = openWatches(path);
  const said = await begin();
  await write(path, "a");
  await until(() => said.length === 1);
  tamper(path, "DELETE FROM watchers; DELETE FROM changes");
  await until(() => said.length === 2);
  await write(path, "b");
  await until(() => said.length === 3);
  assert.deepEqual(said, ["set a", "resync", "set b"]);
});

test("a watch that was forgotten says so also when a second one brings it back before it looks", async () => {
  const path = fresh();
  const { begin } = openWatches(path);
  const first = await begin();
  // As if the process had stood still: what was written meanwhile is not kept for it.
  tamper(path, "INSERT INTO changes (type, key) VALUES (0, 'missed'); DELETE FROM changes; DELETE FROM watchers");
  const second = await begin();
  await write(path, "a");
  await until(() => second.length === 1 && first.length === 2);
  assert.deepEqual([first, second], [["resync", "set a"], ["set a"]]);
});

test("watches that begin at once are one watcher, and none of them has missed anything", async () => {
  const path = fresh();
  const { begin } = openWatches(path);
  const all = await Promise.all([begin(), begin(), begin()]);
  assert.equal(count(path, "watchers"), 1);
  await write(path, "a");
  await until(() => all.every((said) => said.length > 0));
  assert.deepEqual(all, [["set a"], ["set a"], ["set a"]]);
});

test("a watch waits for a file that is gone, and says when it is back", async () => {
  const [path, away] = [fresh(), fresh()];
  const { begin, hold } = openWatches(path);
  const said = await begin();
  await write(path, "a");
  await until(() => said.length === 1);
  renameSync(path, away);
  await until(() => hold().then(() => false, () => true)); // prettier-ignore
  await refused(hold, "unavailable", /got none/);
  assert.equal(said.length, 1);
  renameSync(away, path);
  await until(() => said.length === 2);
  await write(path, "b");
  await until(() => said.length === 3);
  assert.deepEqual(said, ["set a", "resync", "set b"]);
});

test("a watch goes on in the file that takes the place of its own, whatever the numbers there", async () => {
  const [path, copy] = [fresh(), fresh()];
  const { begin, watches } = openWatches(path);
  const said = await begin();
  await write(path, "a", "b", "c");
  await until(() => said.length === 3);
  // A copy that knows this watcher, at a position that is far ahead of its changes.
  copyFileSync(path, copy);
  tamper(copy, `DELETE FROM changes; DELETE FROM watchers; INSERT INTO watchers (id, position) VALUES ('${watches.id()}', 900)`); // prettier-ignore
  renameSync(copy, path);
  await until(() => said.length === 4);
  const later = await begin();
  await write(path, "d");
  await until(() => said.length === 5 && later.length === 1);
  assert.deepEqual(said.slice(3), ["resync", "set d"]);
  assert.deepEqual(later, ["set d"]);
});

test("a watch ends when a file that is no store's takes the place of its own", async () => {
  const [path, foreign] = [fresh(), fresh()];
  tamper(foreign, "CREATE TABLE mine (x)");
  const { begin } = openWatches(path);
  const said = await begin();
  renameSync(foreign, path);
  await until(() => said.length === 1);
  assert.match(said[0]!, /option "path" must be a new file or a store's/);
});

test("a watch reports nothing that was acknowledged before it was called", async () => {
  const path = fresh();
  await using({ path }, (other) =>
    using({ path }, async (store) => {
      // Somebody else watches, so that changes are written down.
      const earlier = other.watch();
      await other.set("before", utf8("x"));
      await store.set("before too", utf8("x"));
      const inTheSameTurn = store.set("just before", utf8("x"));
      const changes = store.watch();
      await store.set("after", utf8("x"));
      await inTheSameTurn;
      assert.deepEqual((await changes.next()).value, { type: "set", key: "after" });
      await earlier.return!();
    }),
  );
});
