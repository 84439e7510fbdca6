import { describe, expect, it } from "vitest";
import { newDatabase } from "../pages/database.ts";
import { sorted, upTo } from "../support/numbers.ts";
import { contexts } from "./contexts.ts";
import { shelf } from "./shelf.ts";

describe("contexts that share a database", () => {
  it("a tab and its worker count 500 each and lose none", async () => {
    const database = newDatabase();
    const count = (database: string) => {
      const store = shelf.indexeddb({ database });
      return Promise.all(Array.from({ length: 500 }, () => store.increment("n")));
    };
    const both: number[][] = await Promise.all([count(database), contexts.inWorker(count, database)]);
    expect(sorted(both.flat())).toStrictEqual(upTo(1000));
  });

  it("what a tab or its worker reads is never older than what the other said that it wrote", async () => {
    const database = newDatabase();
    // Each writes a number of its own and says so, and reads the other's all the time, which it therefore holds in memory.
    const play = async (database: string, mine: string, theirs: string) => {
      const store = shelf.indexeddb({ database });
      const rounds = 150;
      const channel = new BroadcastChannel(`${database} said`);
      const wrong: string[] = [];
      const read = async () => Number(shelf.text(await store.find(theirs)) ?? 0);
      let said = 0;
      const over = new Promise<void>((resolve) => {
        channel.onmessage = async ({ data }) => {
          if (data.key !== theirs) return;
          said = Math.max(said, data.number);
          const [least, found] = [said, await read()];
          if (found < least) wrong.push(`${theirs}: ${found}, though ${least} was said`);
          if (data.number === rounds) resolve();
        };
      });
      // Not before both listen.
      await store.increment("here");
      while (Number(shelf.text(await store.get("here"))) < 2) await shelf.pause(1);
      await shelf.pause(100);
      for (let number = 1; number <= rounds; number++) {
        await store.set(mine, shelf.bytes(String(number)));
        channel.postMessage({ key: mine, number });
        const least = said;
        for (let count = 0; count < 20; count++) {
          const found = await read();
          if (found < least) wrong.push(`${theirs}: ${found}, though ${least} was said before`);
        }
      }
      await over;
      await store.close();
      channel.close();
      return wrong;
    };
    const wrong = await Promise.all([play(database, "a", "b"), contexts.inWorker(play, database, "b", "a")]);
    expect(wrong).toStrictEqual([[], []]);
  });

  it("two stores on one database in a page do not disturb each other", async () => {
    const database = newDatabase();
    const [one, two] = [shelf.indexeddb({ database }), shelf.indexeddb({ database })];
    const numbers = await Promise.all(upTo(100).map((index) => (index % 2 ? one : two).increment("n")));
    expect(sorted(numbers)).toStrictEqual(upTo(100));
    const calls = [one.set("one", shelf.bytes("1")), two.set("two", shelf.bytes("2")), one.close()];
    calls.push(two.set("three", shelf.bytes("3")), one.set("late", shelf.bytes("4")));
    expect(await shelf.codes(calls)).toStrictEqual(["done", "done", "done", "done", "closed"]);
    expect((await two.list()).entries.map(({ key }) => key)).toStrictEqual(["n", "one", "three", "two"]);
    await two.close();
  });
});
