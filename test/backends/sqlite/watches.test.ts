import assert from "node:assert/strict";
import { onTestFinished, test, vi } from "vitest";
import { sqlite } from "../../../src/backends/sqlite.ts";
import { utf8 } from "../../support/bytes.ts";
import { count, fresh, tamper, using } from "../../support/sqliteFiles.ts";
import { until } from "../../support/until.ts";
import { showChange } from "../../support/showChange.ts";

test("nothing is written about changes without a watch, and little is kept while there is one", async () => {
  const path = fresh();
  await using({ path }, async (store) => {
    await store.set("key", utf8("x"));
    assert.equal(count(path, "changes"), 0);
    const watch = store.watch();
    // Answered when the watch has begun.
    await store.find("key");
    const [other, seen] = [sqlite({ path }), [] as string[]];
    const watching = (async () => {
      for await (const change of watch) if (seen.push(showChange(change)) === 20_000) return;
    })();
    for (let round = 0; round < 20; round++) {
      const items = Array.from({ length: 1000 }, (_, index) => [`key ${index}`, utf8("x")] as const);
      await other.setMany(items);
    }
    await watching;
    assert.deepEqual(
      seen.slice(0, 1000),
      Array.from({ length: 1000 }, (_, index) => `set key ${index}`),
    );
    await until(() => count(path, "changes") === 0);
    assert.equal(count(path, "watchers"), 0);
    await other.close();
  });
});

test("a watcher that died is forgotten, one that lives is asked and answers", async () => {
  const path = fresh();
  await using({ path }, async (store) => {
    const watch = store.watch();
    await store.set("first", utf8("x"));
    // As a killed process leaves it.
    tamper(path, "INSERT INTO watchers (id, position) VALUES ('dead', 0)");
    const write = (round: number): Promise<void> =>
      store.setMany(Array.from({ length: 1500 }, (_, index) => [`${round} ${index}`, utf8("x")] as const));
    await write(1);
    // The living one has read that, and has said so; the dead one keeps all of it.
    await until(() => count(path, "watchers WHERE id <> 'dead' AND position > 1000"));
    assert.ok(count(path, "changes") >= 1500);
    // As if the half minute for an answer were over.
    tamper(path, "UPDATE watchers SET asked_at = asked_at - 31000 WHERE id = 'dead'");
    await write(2);
    await until(() => count(path, "watchers") === 1);
    await write(3);
    await until(() => count(path, "changes") < 1500);
    const changes: string[] = [];
    while (changes.length < 4501) changes.push(showChange((await watch.next()).value));
    assert.equal(new Set(changes).size, 4501);

    // Every sweep asks the others too.
    await store.sweep();
    await using({ path }, async (other) => void (await other.sweep()));
    await until(() => count(path, "watchers WHERE asked_at IS NOT NULL") === 0);
    await watch.return!();
  });
});

test("a watch that the file has forgotten says that changes may have been missed, and goes on", async () => {
  const path = fresh();
  await using({ path }, async (store) => {
    const watch = store.watch();
    await store.set("first", utf8("x"));
    assert.equal((await watch.next()).value.key, "first");
    tamper(path, "DELETE FROM watchers");
    assert.deepEqual((await watch.next()).value, { type: "resync" });
    await store.set("second", utf8("x"));
    assert.deepEqual((await watch.next()).value, { type: "set", key: "second" });
  });
});

test("what another connection changes is reported within 100 ms, by a look now and then", async () => {
  const path = fresh();
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  onTestFinished(() => void vi.useRealTimers());
  await using({ path }, (store) =>
    using({ path, sweepInterval: Infinity }, async (other) => {
      const watch = store.watch();
      const seen: string[] = [];
      void (async () => {
        for await (const change of watch) seen.push(showChange(change));
      })();
      // Answered when the watch has begun.
      await store.find("none");
      for (let round = 1; round <= 3; round++) {
        await other.set(`key ${round}`, utf8("x"));
        await store.find("none");
        assert.equal(seen.length, round - 1);
        vi.advanceTimersByTime(100);
        await until(() => seen.length === round);
      }
      assert.deepEqual(seen, ["set key 1", "set key 2", "set key 3"]);
    }),
  );
});
