import assert from "node:assert/strict";
import { afterEach, test } from "vitest";
import { StoreError } from "../../src/core/error.ts";
import type { Call } from "../../src/core/contract.ts";
import type { Link } from "../../src/core/link.ts";
import { remoteLink } from "../../src/http/link.ts";
import { handler } from "../../src/http/handler.ts";
import { memory, remote } from "../../src/index.ts";
import { outrun, fetch, pull, type Progress } from "../../src/offline/pull.ts";
import { progressRow } from "../../src/offline/names.ts";
import type { Side } from "../../src/offline/side.ts";
import { countedStore } from "../support/countedStore.ts";
import { text, utf8 } from "../support/bytes.ts";
import { offlineRoom, type OfflineRoom } from "../support/offlineRoom.ts";

const rooms: OfflineRoom[] = [];
afterEach(() => Promise.all(rooms.splice(0).map(({ store }) => store.close())));

const call = { now: Date.now };

const open: typeof offlineRoom = (...given) => {
  const room = offlineRoom(...given);
  rooms.push(room);
  return room;
};

const progressOf = ({ rows }: OfflineRoom): Promise<Progress | undefined> => rows.readJson<Progress>(progressRow);

/** What is done once, between an answer and what is made of it. `run` resolves with whether there was something to do. */
function createMeanwhile(): { plan(work: () => Promise<unknown>): void; run(): Promise<boolean> } {
  let planned: (() => Promise<unknown>) | undefined;
  return {
    plan: (work) => void (planned = work),
    async run() {
      const work = planned;
      planned = undefined;
      await work?.();
      return !!work;
    },
  };
}

test("what was read before something newer became known is read again", async () => {
  const meanwhile = createMeanwhile();
  const room = open((link) => ({
    async read(wanted, call) {
      const found = await link.read(wanted, call);
      await meanwhile.run();
      return found;
    },
  }));
  const other = open(undefined, room);
  await room.server.set("k", utf8("0"));
  await fetch(room.side, ["k"], call);
  await room.server.set("k", utf8("1"));
  meanwhile.plan(async () => {
    await room.server.set("k", utf8("2"));
    await fetch(other.side, ["k"], call);
  });
  await fetch(room.side, ["k"], call);
  assert.equal(text((await room.rows.read(["k"]))[0]!.confirmed?.value), "2");
});

test("a value that was too large to be read is read whole when something was added to it meanwhile", async () => {
  const meanwhile = createMeanwhile();
  const room = open((link) => ({
    async read(wanted, call) {
      const found = await link.read(wanted, call);
      const isPlanned = await meanwhile.run();
      return isPlanned ? found.map((there) => there && { ...there, value: undefined, size: 6 }) : found;
    },
  }));
  await room.server.set("k", utf8("40"));
  await fetch(room.side, ["k"], call);
  await room.server.set("k", utf8("100000"));
  meanwhile.plan(() => room.store.increment("k", 2));
  await fetch(room.side, ["k"], call);
  assert.equal(text((await room.rows.read(["k"]))[0]!.confirmed?.value), "100000");
  assert.equal(text(await room.store.find("k")), "100002");
});

test("a round that another has overtaken writes neither what it has read nor how far it is", async () => {
  const meanwhile = createMeanwhile();
  const room = open((link) => ({
    async changes(after, call) {
      const changes = await link.changes(after, call);
      await meanwhile.run();
      return changes;
    },
  }));
  const other = open(undefined, room);
  await pull(room.side, call);
  for (const key of ["k", undefined]) {
    let after: Progress | undefined;
    if (key) await room.server.set(key, utf8("read"));
    meanwhile.plan(async () => {
      await room.server.set("l", utf8("later"));
      await pull(other.side, call);
      // As nobody has read it.
      await room.rows.change(["k"], [], () => ({ records: [{ n: "", pending: [] }] }));
      after = await progressOf(room);
    });
    await assert.rejects(pull(room.side, call), (error) => error === outrun);
    assert.deepEqual(await progressOf(room), after);
    assert.equal((await room.rows.read(["k"]))[0]!.confirmed, undefined);
  }
});

test("all is compared again when the clock was set by more than a minute, forward or back, and not when it drifts", async () => {
  let ahead = 0;
  let lists = 0;
  const mine = { now: () => Date.now() + ahead };
  const room = open(
    (link) => ({
      list: (...given) => (lists++, link.list!(...given)),
      changes: async (...given) => ({ ...(await link.changes(...given)), time: Date.now() }),
    }),
    mine,
  );
  const listsBy = async (change: number): Promise<number> => {
    [ahead, lists] = [ahead + change, 0];
    await pull(room.side, mine);
    return lists;
  };
  assert.equal(await listsBy(0), 1);
  assert.equal(await listsBy(0), 0);
  assert.equal(await listsBy(50_000), 0);
  assert.equal(await listsBy(70_000), 1);
  assert.equal(await listsBy(0), 0);
  assert.equal(await listsBy(-70_000), 1);
  // By less than that, but to before what it had shown.
  assert.equal(await listsBy(-10_000), 1);
  assert.equal(await listsBy(0), 0);
});

test("what a clock that was wrong between two looks has ended, or given a deadline, is compared again", async () => {
  let ahead = 0;
  const day = 86_400_000;
  const mine = { now: () => Date.now() + ahead };
  let during = async (): Promise<unknown> => undefined;
  // What is left of a life comes over a wire, and is put on the time when it was asked for.
  const here = <T extends { readonly expiresAt: number }>(there: T): T => ({
    ...there,
    expiresAt: there.expiresAt + ahead,
  });
  const room = open(
    (link) => ({
      async changes(...given) {
        const found = await link.changes(...given);
        await during();
        return { ...found, time: Date.now() };
      },
      read: async (...given) => (await link.read(...given)).map((there) => there && here(there)),
      async list(...given) {
        const page = await link.list!(...given);
        await during();
        return { ...page, entries: page.entries.map(here) };
      },
    }),
    { ...mine, local: memory(mine) },
  );
  const isHere = async (): Promise<boolean> => !!(await room.store.find("k"));
  async function astray(by: number, work: () => Promise<unknown>): Promise<void> {
    ahead += by;
    await work();
    ahead -= by;
  }
  await room.server.set("k", utf8("0"), { ttl: day / 2 });
  await pull(room.side, mine);
  // A sweep.
  await astray(day, () => room.store.sweep());
  assert.equal(await isHere(), false);
  await pull(room.side, mine);
  assert.equal(await isHere(), true);
  // The same while it is looked, and while it is compared.
  const sweepAstray = (): Promise<void> => astray(day, () => room.store.sweep());
  during = sweepAstray;
  await pull(room.side, mine);
  await astray(-day, () => pull(room.side, mine));
  during = async () => undefined;
  await pull(room.side, mine);
  assert.equal(await isHere(), true);
  during = sweepAstray;
  await pull(room.side, mine);
  during = async () => undefined;
  await pull(room.side, mine);
  assert.equal(await isHere(), true);
  // A deadline that is a day too early.
  await astray(-day, () => fetch(room.side, ["k"], mine));
  await pull(room.side, mine);
  assert.equal(await isHere(), true);
  // And one that is a day too late.
  await room.server.set("k", utf8("1"), { ttl: day / 2 });
  await astray(day, () => fetch(room.side, ["k"], mine));
  await pull(room.side, mine);
  ahead += day * 0.75;
  assert.equal(await isHere(), false);
});

test("a first sync that was cut off goes on where it was", async () => {
  const asked: (string | undefined)[] = [];
  let isCut = true;
  const room = open((link) => ({
    async list({ cursor }, call) {
      asked.push(cursor);
      if (isCut && asked.length === 3) throw new StoreError("unavailable", "Down");
      return link.list!({ limit: 1, cursor }, call);
    },
  }));
  const keys = ["a", "b", "c", "d"];
  await room.server.setMany(keys.map((key) => [key, utf8(key)]));
  await assert.rejects(pull(room.side, call));
  const [, , third] = asked.splice(0);
  assert.deepEqual((await progressOf(room))?.listing, { cursor: third });
  assert.equal((await progressOf(room))?.isComplete, undefined);
  isCut = false;
  await pull(room.side, call);
  assert.deepEqual([asked[0], asked.length], [third, 2]);
  assert.equal((await progressOf(room))?.isComplete, true);
  assert.deepEqual(
    (await room.store.list()).entries.map(({ key }) => key),
    keys,
  );
});

/** Opens a room on a counted local store over a handler, which holds entries of 1,000 bytes and cannot say what has changed. */
async function counted(count: number, over: "handler" | "store", done?: Parameters<typeof countedStore>[0]) {
  const requests: string[] = [];
  const [local, server] = [countedStore(done), countedStore()];
  const keys = Array.from({ length: count }, (_, index) => `key ${String(index).padStart(5, "0")}`);
  const value = (key: string): Uint8Array => utf8(key.padEnd(1000, "."));
  await server.store.setMany(keys.map((key) => [key, value(key)]));
  const answer = handler(server.store);
  const far = remote({
    url: "http://store.test",
    fetch(url: string, init: RequestInit) {
      const request = new Request(url, init);
      requests.push(new URL(request.url).pathname);
      return answer(request);
    },
  });
  const links = { handler: () => remoteLink(far)!, store: (link: Link) => link };
  const room = open(
    (link) => {
      const chosen = links[over](link);
      return {
        ...chosen,
        changes: async (_after: unknown, { now }: Pick<Call, "now">) => ({ bookmark: undefined, time: now() }),
      };
    },
    { local: local.store, server: server.store },
  );
  const reset = (): void => {
    requests.length = 0;
    for (const { counts } of [local, server]) for (const name of Object.keys(counts)) delete counts[name];
  };
  return { ...room, counts: local.counts, asked: server.counts, requests, reset };
}

for (const over of ["handler", "store"] as const)
  test(`what is the same on both sides costs one read of the local rows a page, one step of the other side's medium, and no write: over a ${over}`, async () => {
    const pages = 5;
    const room = await counted(pages * 400, over);
    await pull(room.side, call);
    room.reset();
    await pull(room.side, call);
    const { mutateMany, getMany, listKeys = 0, list = 0, ...more } = room.counts;
    // Of how far it is: when it begins, when it has a bookmark, and when it ends.
    assert.deepEqual([mutateMany, getMany, more], [3, pages, {}]);
    assert.ok(listKeys + list <= pages, JSON.stringify(room.counts));
    const { getMany: reads = 0, list: lists = 0, ...others } = room.asked;
    assert.deepEqual([lists, others], [pages, {}]);
    assert.ok(reads <= 2 * pages, JSON.stringify(room.asked));
    assert.deepEqual(room.requests, over === "store" ? [] : Array<string>(pages).fill("/entries"));
  });

test("a first sync holds no more values than one portion, however many there are", async () => {
  const count = 10_000;
  let [held, most, taken] = [0, 0, 0];
  const room = await counted(count, "store", (name, given) => {
    const rows = (given as unknown[]) ?? [];
    if (name === "mutateMany") held -= rows.filter((row) => String(row).startsWith("dkey")).length;
  });
  const read = room.side.link.read.bind(room.side.link);
  const side: Side = {
    ...room.side,
    link: {
      ...room.side.link,
      async read(...given) {
        const found = await read(...given);
        taken += found.length;
        held += found.length;
        most = Math.max(most, held);
        return found;
      },
    },
  };
  await pull(side, call);
  assert.deepEqual([taken, held, most], [count, 0, 400]);
});
