import assert from "node:assert/strict";
import { it } from "vitest";
import type { Page } from "../support/browser.ts";
import type { PlaywrightPage } from "../support/playwright.ts";
import { cdp, inEngines } from "./driver.ts";

inEngines("the connection", ["chromium", "firefox", "webkit"], {}, (place) => {
  it("lets another context delete the database, and opens it again", async () => {
    const database = place.database();
    const ours = await place.open();
    const other = await place.open();
    await ours.evaluate(async (database) => {
      kept.store = shelf.indexeddb({ database });
      await kept.store.set("a", shelf.bytes("1"));
    }, database);
    const events = await other.evaluate(async (database) => {
      const deleting = indexedDB.deleteDatabase(database);
      const events: string[] = [];
      deleting.onblocked = () => events.push("blocked");
      const outcome = await shelf.outcome(shelf.request(deleting));
      return [...events, outcome.code ?? "deleted"];
    }, database);
    assert.deepEqual(events, ["deleted"]);
    const outcomes = await ours.evaluate(async () => {
      const { store } = kept;
      const calls = [store.find("a"), store.set("a", shelf.bytes("2")), store.increment("n"), store.get("a")];
      return shelf.outcomes([...calls, store.close()]);
    });
    assert.deepEqual(outcomes, [{}, {}, { value: 1 }, { value: "2" }, {}]);
  });

  it("lets another context raise the version: what was confirmed is there, and what was not is unavailable", async () => {
    const database = place.database();
    const ours = await place.open();
    const other = await place.open();
    await ours.evaluate(async (database) => {
      const store = (kept.store = shelf.indexeddb({ database }));
      await store.set("first", shelf.bytes("1"));
      kept.confirmed = ["first"];
      kept.refused = [];
      kept.writing = (async () => {
        for (let count = 0; kept.refused.length < 20; count++) {
          const keys = Array.from({ length: 20 }, (_, index) => `${count} ${index}`);
          const outcomes = await shelf.outcomes(keys.map((key) => store.set(key, shelf.bytes(key))));
          outcomes.forEach(({ code }, index) => (code ? kept.refused : kept.confirmed).push(keys[index]));
          kept.code ??= outcomes.find(({ code }) => code);
        }
      })();
    }, database);
    const version = await other.evaluate(async (database) => {
      await shelf.pause(100);
      kept.raw = await shelf.raw(database, { version: 7 });
      return kept.raw.version;
    }, database);
    assert.equal(version, 7);
    const { confirmed, refused, code } = await ours.evaluate(async () => {
      await kept.writing;
      return { confirmed: kept.confirmed as string[], refused: kept.refused as string[], code: kept.code };
    });
    assert.equal(code.code, "unavailable");
    assert.match(code.cause, /VersionError/);
    const keys = await other.evaluate(async (): Promise<string[]> =>
      shelf.request(kept.raw.transaction("entries").objectStore("entries").getAllKeys()),
    );
    assert.deepEqual(keys.sort(), confirmed.sort());
    assert.ok(confirmed.length > 20, `${confirmed.length} were confirmed, ${refused.length} refused`);

    // The newer version goes away, and the same store works again.
    await other.evaluate(async (database) => {
      kept.raw.close();
      await shelf.remove(database);
    }, database);
    const outcomes = await ours.evaluate(async () =>
      shelf.outcomes([kept.store.set("a", shelf.bytes("3")), kept.store.get("a"), kept.store.find("first")]),
    );
    assert.deepEqual(outcomes, [{}, { value: "3" }, {}]);
  });

  it("waits for a context that holds the database, and then goes on in order", async () => {
    const database = place.database();
    const ours = await place.open();
    const other = await place.open();
    await other.evaluate(async (database) => {
      // Held against its own deletion, which every later open has to wait for.
      kept.raw = await shelf.raw(database, { version: 7, lets: false });
      kept.removed = shelf.remove(database);
    }, database);
    const early = await ours.evaluate(async (database) => {
      const store = shelf.indexeddb({ database });
      const order: string[] = [];
      kept.order = order;
      kept.calls = shelf.outcomes([
        store.set("a", shelf.bytes("1")).then(() => void order.push("set")),
        store.get("a").finally(() => order.push("get")),
        store.update("a", (value) => shelf.bytes(`${shelf.text(value)}2`)).finally(() => order.push("update")),
        store.get("a").finally(() => order.push("get")),
        store.delete("a").finally(() => order.push("delete")),
        store.find("a").finally(() => order.push("find")),
        // Closed before it was ever open.
        store.close().finally(() => order.push("close")),
      ]);
      await shelf.pause(500);
      return order.length;
    }, database);
    assert.equal(early, 0);
    await other.evaluate(async () => {
      kept.raw.close();
      await kept.removed;
    });
    const { outcomes, order } = await ours.evaluate(async () => ({ outcomes: await kept.calls, order: kept.order }));
    assert.deepEqual(outcomes, [{}, { value: "1" }, { value: "12" }, { value: "12" }, {}, {}, {}]);
    // What shares a transaction settles with it, and not by turns: what each call saw tells of the order.
    assert.deepEqual(order.toSorted(), ["close", "delete", "find", "get", "get", "set", "update"]);
    assert.equal(order.at(-1), "close");
  });

  it("tries again after an open that failed, and says why it failed", async () => {
    const database = place.database();
    const page = await place.open();
    const { first, second, missing } = await page.evaluate(async (database) => {
      const raw = await shelf.raw(database, { version: 9 });
      const store = shelf.indexeddb({ database });
      const first = await shelf.outcomes([
        store.set("a", shelf.bytes("1")),
        store.get("a"),
        store.sweep(),
        store.list(),
      ]);
      raw.close();
      await shelf.remove(database);
      const second = await shelf.outcomes([store.set("a", shelf.bytes("1")), store.get("a")]);
      const strange = `${database} of another`;
      (await shelf.raw(strange, { version: 1, upgrade: (db) => void db.createObjectStore("theirs") })).close();
      const missing = await shelf.outcome(shelf.indexeddb({ database: strange }).get("a"));
      // Nothing of ours is left open that would hold it.
      await shelf.remove(strange);
      return { first, second, missing };
    }, database);
    for (const { code, cause } of first) {
      assert.equal(code, "unavailable");
      assert.match(cause!, /VersionError/);
    }
    assert.deepEqual(second, [{}, { value: "1" }]);
    assert.equal(missing.code, "unavailable");
    assert.match(missing.message!, /NotFoundError/);
  });

  it("is unavailable where a page may not store anything", async () => {
    const page = await place.open();
    const outcomes = await page.evaluate(async () => {
      const frame = document.createElement("iframe");
      frame.setAttribute("sandbox", "allow-scripts");
      frame.srcdoc = `<script src="${location.origin}/dist/shelflife.umd.min.js"></script><script>
        const store = Shelflife.indexeddb({ database: "sandboxed" });
        const tell = (call) => call.then(() => "resolved", ({ name, code, cause }) => [name, code, String(cause)].join());
        addEventListener("unhandledrejection", ({ reason }) => parent.postMessage(["unhandled " + reason], "*"));
        (async () => parent.postMessage([await tell(store.get("a")), await tell(store.set("a", new Uint8Array(1))),
          await tell(store.close())], "*"))();
      </script>`;
      const told = new Promise<string[]>((resolve) => {
        addEventListener("message", ({ data }) => resolve(data as string[]), { once: true });
      });
      document.body.append(frame);
      return told;
    });
    assert.equal(outcomes.length, 3);
    for (const outcome of outcomes.slice(0, 2)) assert.match(outcome, /^StoreError,unavailable,SecurityError/);
    assert.equal(outcomes[2], "resolved");
  });

  it("closes though the connection is lost while its last call is under way", async () => {
    const database = place.database();
    const page = await place.open();
    const { writes, closed, removed } = await page.evaluate(async (database) => {
      const store = shelf.indexeddb({ database });
      await store.set("a", shelf.bytes("1"));
      const { close } = IDBDatabase.prototype;
      // Just when the store lets go of its connection, it is asked to close. A call is always under way.
      const closing = new Promise<{ code?: string }>((resolve) => {
        IDBDatabase.prototype.close = function () {
          IDBDatabase.prototype.close = close;
          resolve(shelf.outcome(store.close()));
          close.call(this);
        };
      });
      const writing = (async () => {
        for (;;) {
          const outcome = await shelf.outcome(store.set("a", shelf.bytes("2")));
          if (outcome.code) return outcome.code;
        }
      })();
      const removing = shelf.outcome(shelf.remove(database).then(() => {}));
      const closed = await closing;
      return { writes: await writing, closed, removed: await removing };
    }, database);
    assert.deepEqual({ writes, closed, removed }, { writes: "closed", closed: {}, removed: {} });
  });
});

inEngines("the connection that the browser closes", ["chromium"], {}, (place) => {
  async function clear(page: Page): Promise<void> {
    const session = await cdp(page as PlaywrightPage);
    const { origin } = new URL(place.server.url);
    await session.send("Storage.clearDataForOrigin", { origin, storageTypes: "indexeddb" });
    await session.detach();
  }

  it("is opened again by the next calls", async () => {
    const database = place.database();
    const page = await place.open();
    await page.evaluate(async (database) => {
      kept.store = shelf.indexeddb({ database });
      await kept.store.set("a", shelf.bytes("1"));
    }, database);
    for (let round = 0; round < 3; round++) {
      await clear(page);
      const outcomes = await page.evaluate(async () => {
        const { store } = kept;
        const calls = [store.find("a"), store.set("a", shelf.bytes("2")), store.increment("n"), store.get("a")];
        return shelf.outcomes([...calls, store.list({ prefix: "b" }).then(({ entries }: { entries: [] }) => entries)]);
      });
      assert.deepEqual(outcomes, [{}, {}, { value: 1 }, { value: "2" }, { value: [] }]);
    }
    assert.deepEqual(await page.evaluate(async () => shelf.outcome(kept.store.close())), {});
  });

  it("leaves no call hanging that was under way", async () => {
    const database = place.database();
    const page = await place.open();
    await page.evaluate(async (database) => void (kept.store = shelf.indexeddb({ database })), database);
    const tally: Record<string, number> = {};
    const end = Date.now() + 40_000;
    for (let round = 0; round < 15 && Date.now() < end; round++) {
      await page.evaluate((round) => {
        const { store } = kept;
        const value = shelf.noise(1000);
        kept.calls = [];
        kept.isDone = false;
        kept.busy = (async () => {
          for (let count = 0; !kept.isDone; count++) {
            const calls = [
              ...Array.from({ length: 20 }, (_, index) => store.set(`${round} ${count} ${index}`, value)),
              store.increment("n"),
              store.find("a"),
              store.setMany([
                ["x", value],
                ["y", value],
              ]),
              store.list(),
            ];
            const burst = shelf.outcomes(calls, 60_000);
            kept.calls.push(burst);
            // Some bursts come after one that is done, others while one is under way.
            if (count % 3) await burst;
            else await shelf.pause(0);
          }
        })();
      }, round);
      await clear(page);
      const outcomes = await page.evaluate(async () => {
        kept.isDone = true;
        await kept.busy;
        return ((await Promise.all(kept.calls)) as { code?: string; cause?: string }[][]).flat();
      });
      for (const { code = "resolved" } of outcomes) tally[code] = (tally[code] ?? 0) + 1;
      // An open that is caught up in the deletion Chromium holds for 30 s and then refuses. The next one works.
      const after = await page.evaluate(async () => {
        const again = () =>
          shelf.outcomes([kept.store.set("after", shelf.bytes("2")), kept.store.get("after")], 60_000);
        let outcomes = await again();
        for (let tries = 0; tries < 3 && outcomes[0]?.code === "unavailable"; tries++) outcomes = await again();
        return outcomes;
      });
      assert.deepEqual(after, [{}, { value: "2" }]);
    }
    // A call that is done again while the data are still being deleted may be refused a second time, and says so.
    const { resolved = 0, unavailable = 0, ...others } = tally;
    assert.deepEqual(others, {});
    assert.ok(resolved > unavailable, `${resolved} calls resolved, ${unavailable} were unavailable`);
    assert.deepEqual(await page.evaluate(async () => shelf.outcome(kept.store.close())), {});
  });
});
