import { describe, expect, it } from "vitest";
import { newDatabase } from "../pages/database.ts";
import { sorted, upTo } from "../support/numbers.ts";
import { contexts } from "./contexts.ts";
import { shelf } from "./shelf.ts";

describe("a service worker that shares a database", () => {
  it("counts with a tab and a dedicated worker, and reports its changes to them", async () => {
    const database = newDatabase();
    const store = shelf.indexeddb({ database });
    const changes = await shelf.watching(store);
    const count = async (database: string) => {
      const store = shelf.indexeddb({ database });
      const counted = await Promise.all(Array.from({ length: 500 }, () => store.increment("n")));
      await store.close();
      return counted;
    };
    const all = [count(database), contexts.inWorker(count, database), contexts.inServiceWorker(count, database)];
    const counts: number[][] = await Promise.all(all);
    expect(sorted(counts.flat())).toStrictEqual(upTo(1500));
    await shelf.until(() => changes.length >= 1500);
    await store.close();
    expect(changes).toStrictEqual(Array(1500).fill("set n"));
  });
});
