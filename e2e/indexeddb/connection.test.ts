import assert from "node:assert/strict";
import { it } from "vitest";
import { engines } from "../support/place.ts";
import { inEngines } from "./driver.ts";

inEngines("the connection", engines, {}, (place) => {
  it("lets another context delete the database, and opens it again", async () => {
    const database = place.database();
    const ours = await place.open();
    const other = await place.open();
    await ours.evaluate(async (database) => {
      kept.store = shelf.indexeddb({ database });
      await kept.store.set("a", shelf.bytes("1"));
    }, database);
    const events = await other.evaluate(async (database) => {
      const events: string[] = [];
      const { code } = await shelf.outcome(shelf.remove(database, { blocked: () => void events.push("blocked") }));
      return [...events, code ?? "deleted"];
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
    const keys = await other.evaluate(async (): Promise<string[]> => kept.raw.getAllKeys("entries"));
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
      kept.raw = await shelf.raw(database, { version: 7, holds: true });
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
    // What shares a transaction settles with it, and not by turns: what each call saw shows the order.
    assert.deepEqual(order.toSorted(), ["close", "delete", "find", "get", "get", "set", "update"]);
    assert.equal(order.at(-1), "close");
  });
});
