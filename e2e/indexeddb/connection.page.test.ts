import type { IDBPDatabase } from "idb";
import { describe, expect, it } from "vitest";
import { newDatabase } from "../pages/database.ts";
import { shelf, type Outcome } from "./shelf.ts";

describe("the connection", () => {
  it("tries again after an open that failed, and says why it failed", async () => {
    const database = newDatabase();
    const store = shelf.indexeddb({ database });
    await store.set("a", shelf.bytes("0"));
    const raw = await shelf.raw(database, { version: 9 });
    const first = [store.set("a", shelf.bytes("1")), store.get("a"), store.sweep(), store.list()];
    for (const { code, cause } of await shelf.outcomes(first)) {
      expect(code).toBe("unavailable");
      expect(cause).toMatch(/VersionError/);
    }
    raw.close();
    await shelf.remove(database);
    const second = [store.set("a", shelf.bytes("1")), store.get("a")];
    expect(await shelf.outcomes(second)).toStrictEqual([{}, { value: "1" }]);
    await store.close();
  });

  it("refuses a database that something else has made, which stays as it is and is asked nothing", async () => {
    for (const [version, names] of [
      [1, ["keyval"]],
      [2, ["keyval"]],
      [3, ["keyval"]],
      [1, []],
      [2, []],
      [3, []],
      [9, []],
    ] as const) {
      const database = newDatabase();
      const upgrade = (db: IDBPDatabase): void => names.forEach((name) => void db.createObjectStore(name));
      const raw = await shelf.raw(database, { version, upgrade });
      for (const name of names) await raw.put(name, "theirs", "key");
      let asked = 0;
      raw.addEventListener("versionchange", () => asked++);
      const store = shelf.indexeddb({ database });
      const calls = () => [store.get("key"), store.set("key", shelf.bytes("ours")), store.clear()];
      for (let round = 0; round < 2; round++) {
        expect(await shelf.codes(calls())).toStrictEqual(Array(3).fill("bad-config"));
      }
      expect([asked, raw.version, [...raw.objectStoreNames]]).toStrictEqual([0, version, [...names]]);
      for (const name of names) expect(await raw.get(name, "key")).toBe("theirs");
      raw.close();
      // Nothing of ours is left open that would hold it.
      await shelf.remove(database);
      expect(await shelf.codes([store.set("key", shelf.bytes("ours")), store.get("key")])).toStrictEqual([
        "done",
        "ours",
      ]);
      await store.close();
    }
  });

  it("is unavailable where a page may not store anything", async () => {
    const frame = document.createElement("iframe");
    frame.setAttribute("sandbox", "allow-scripts");
    frame.srcdoc = `<script src="${location.origin}/dist/shelflife.umd.min.js"></script><script>
      const store = Shelflife.indexeddb({ database: "sandboxed" });
      const codeOf = (call) => call.then(() => "resolved", ({ name, code, cause }) => [name, code, String(cause)].join());
      addEventListener("unhandledrejection", ({ reason }) => parent.postMessage(["unhandled " + reason], "*"));
      (async () => parent.postMessage([await codeOf(store.get("a")), await codeOf(store.set("a", new Uint8Array(1))),
        await codeOf(Shelflife.storageUsage()), await codeOf(store.close())], "*"))();
    </script>`;
    const sent = new Promise<string[]>((resolve) => {
      addEventListener("message", ({ data, source }) => source === frame.contentWindow && resolve(data as string[]));
    });
    document.body.append(frame);
    const outcomes = await sent;
    frame.remove();
    const refused = expect.stringMatching(/^StoreError,unavailable,SecurityError/);
    const unsupported = expect.stringMatching(/^StoreError,unsupported,./);
    expect(outcomes).toStrictEqual([refused, refused, unsupported, "resolved"]);
  });

  it("closes though the connection is lost while its last call is under way", async () => {
    const database = newDatabase();
    const store = shelf.indexeddb({ database });
    await store.set("a", shelf.bytes("1"));
    const { close } = IDBDatabase.prototype;
    // Just when the store lets go of its connection, it is asked to close. A call is always under way.
    const closing = new Promise<Outcome>((resolve) => {
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
    const removing = shelf.outcome(shelf.remove(database));
    const closed = await closing;
    expect({ writes: await writing, closed, removed: await removing }).toStrictEqual({
      writes: "closed",
      closed: {},
      removed: {},
    });
  });
});
