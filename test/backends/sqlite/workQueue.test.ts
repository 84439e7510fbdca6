import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { onTestFinished, test, vi } from "vitest";
import { text, utf8 } from "../../support/bytes.ts";
import { fresh, using } from "../../support/sqliteFiles.ts";

/** Resolves when that many timers have fired, one after the other. */
async function ticks(count: number): Promise<void> {
  for (let index = 0; index < count; index++) await new Promise((resolve) => setTimeout(resolve, 1));
}

test("a lock of somebody else is waited for without holding up the process, and not for ever", async () => {
  const path = fresh();
  await using({ path }, async (store) => {
    await store.set("key", utf8("old"));
    const db = new DatabaseSync(path);
    onTestFinished(() => db.close());
    db.exec("BEGIN IMMEDIATE");
    const events: string[] = [];
    const writing = store.set("key", utf8("new")).then(() => events.push("written"));
    const reading = store.get("key").then((value) => events.push(`read ${text(value)}`));
    // Released by this very process, which could not do so if the wait held it up.
    await ticks(5);
    db.exec("COMMIT");
    events.push("released");
    await Promise.all([writing, reading]);
    assert.deepEqual(events, ["released", "written", "read new"]);

    db.exec("BEGIN IMMEDIATE");
    let time = performance.now();
    vi.spyOn(performance, "now").mockImplementation(() => time);
    const calls = [store.get("key"), store.set("key", utf8("newer")), store.increment("n"), store.get("key")];
    let settled = 0;
    for (const call of calls) call.catch(() => {}).finally(() => settled++);
    // The first waits for nothing. The others have met the lock by then.
    await ticks(5);
    time += 4999;
    await ticks(5);
    assert.equal(settled, 1);
    time += 1;
    const outcomes = await Promise.allSettled(calls as Promise<unknown>[]);
    assert.deepEqual(
      outcomes.map((each) => (each.status === "rejected" ? each.reason.code : text(each.value as Uint8Array))),
      ["new", "unavailable", "unavailable", "new"],
    );
    db.exec("COMMIT");
    await store.set("key", utf8("newer"));
    assert.deepEqual([text(await store.get("key")), await store.has("n")], ["newer", false]);
  });
});

test("calls one after the other leave the process time for others", async () => {
  await using({ path: fresh() }, async (store) => {
    await store.set("key", utf8("x"));
    let isOver = false;
    const ticking = ticks(5).then(() => (isOver = true));
    let calls = 0;
    // More than enough for five of the slices of time that calls are done in.
    for (; !isOver && calls < 500_000; calls++) {
      await store.set("key", utf8("x"));
      await store.find("key");
    }
    assert.ok(isOver, `after ${calls} calls`);
    await ticking;
  });
});

test("what an aborted call would have written is not", async () => {
  await using({ path: fresh() }, async (store) => {
    await store.set("key", utf8("old"));
    const controller = new AbortController();
    const writing = store.set("key", utf8("new"), { signal: controller.signal });
    controller.abort(new Error("enough"));
    await assert.rejects(writing, /enough/);
    assert.equal(text(await store.get("key")), "old");
  });
});

test("many calls at once are in order", async () => {
  await using({ path: fresh() }, async (store) => {
    const found: Promise<Uint8Array | undefined>[] = [];
    for (let index = 0; index < 20_000; index++) {
      void store.set("key", utf8(String(index)));
      if (index % 1000 === 0) found.push(store.find("key"));
    }
    assert.deepEqual(
      (await Promise.all(found)).map(text),
      Array.from({ length: 20 }, (_, index) => String(index * 1000)),
    );
  });
});

test("under timers that a test holds, calls are done, long ones too, and the store closes", async () => {
  for (const toFake of [undefined, ["setTimeout", "setInterval", "setImmediate", "Date"] as const]) {
    vi.useFakeTimers(toFake && { toFake: [...toFake] });
    try {
      await using({ path: fresh() }, async (store) => {
        const items = Array.from({ length: 20_000 }, (_, index) => [`key ${index}`, utf8("x")] as const);
        await Promise.all(items.map(([key, value]) => store.set(key, value)));
        assert.equal((await store.findMany(items.map(([key]) => key))).length, items.length);
        const changes = store.watch();
        await store.set("last", utf8("x"));
        assert.deepEqual((await changes.next()).value, { type: "set", key: "last" });
      });
    } finally {
      vi.useRealTimers();
    }
  }
});

test("a clock that a test sets after the store was made is the store's clock, and no longer when it goes", async () => {
  const path = fresh();
  await using({ path, sweepInterval: Infinity }, async (store) => {
    vi.useFakeTimers({ toFake: ["Date"], now: 1000 });
    try {
      await store.set("key", utf8("x"), { ttl: 1000 });
      assert.equal((await store.entry("key"))!.expiresAt, 2000);
      vi.setSystemTime(1999);
      assert.equal(await store.sweep(), 0);
      vi.setSystemTime(2000);
      assert.equal(await store.sweep(), 1);
      await store.set("key", utf8("x"), { ttl: 1000 });
    } finally {
      vi.useRealTimers();
    }
    assert.equal(await store.sweep(), 1);
  });
});
