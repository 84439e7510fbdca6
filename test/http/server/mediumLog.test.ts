// Two handlers of one file of SQLite, each with a store of its own, as two processes have them.
import assert from "node:assert/strict";
import { copyFileSync, rmSync } from "node:fs";
import { onTestFinished, test } from "vitest";
import { sqlite } from "../../../src/backends/sqlite.ts";
import type { Store } from "../../../src/core/contract.ts";
import { handler, type HandlerOptions } from "../../../src/http/handler.ts";
import type { Polled } from "../../../src/http/wire.ts";
import { remote } from "../../../src/index.ts";
import { prefix } from "../../../src/views/prefix.ts";
import { conforms } from "../../support/conforms.ts";
import { bytes } from "../../support/pair.ts";
import { readUntil } from "../../support/readUntil.ts";
import { showChange } from "../../support/showChange.ts";
import { fresh } from "../../support/sqliteFiles.ts";
import { until } from "../../support/until.ts";

const one = bytes("x");
const url = "http://store.test";

interface Server {
  readonly store: Store;
  answer(request: Request): Promise<Response>;
  poll(after?: string, prefix?: string): Promise<Polled>;
  stream(after?: string): Promise<Response>;
}

function serve(path: string, options: HandlerOptions = {}, maxChanges = 1000): Server {
  const store = sqlite({ path, history: { maxChanges } });
  onTestFinished(() => store.close());
  const handle = handler(store, options);
  const answer = async (request: Request): Promise<Response> => {
    const response = await handle(request);
    conforms(request, response);
    return response;
  };
  const at = (parameters: Record<string, string | undefined>): string =>
    `${url}/changes?${new URLSearchParams(JSON.parse(JSON.stringify(parameters)) as Record<string, string>)}`;
  return {
    store,
    answer,
    poll: async (after, prefix) =>
      (await (
        await answer(new Request(at({ after, prefix }), { headers: { accept: "application/json" } }))
      ).json()) as Polled,
    stream: (after) => answer(new Request(at({ after }))),
  };
}

const shown = ({ changes }: Polled): string[] => changes.map(showChange);

test("any handler answers from any bookmark, whoever gave it and whoever made the changes; after a restore none does", async () => {
  const [path, copy] = [fresh(), fresh()];
  const [first, second] = [serve(path), serve(path)];
  let { last } = await first.poll();
  for (let round = 0; round < 6; round++) {
    const [one_, other] = round % 2 ? [first, second] : [second, first];
    await one_.store.set(`${round}`, one);
    const polled = await other.poll(last);
    assert.deepEqual([shown(polled), polled.resync], [[`set ${round}`], undefined]);
    ({ last } = polled);
  }
  await first.store.close();
  await second.store.close();
  const third = serve(path);
  assert.deepEqual(shown(await third.poll(last)), []);
  await third.store.close();
  copyFileSync(path, copy);
  const fourth = serve(path);
  await fourth.store.set("lost", one);
  const gone = (await fourth.poll(last)).last;
  await fourth.store.close();
  rmSync(`${path}-wal`, { force: true });
  copyFileSync(copy, path);
  const fifth = serve(path);
  await fifth.store.set("other", one);
  assert.equal((await fifth.poll(gone)).resync, true);
  assert.deepEqual(shown(await fifth.poll(last)), ["set other"]);
  // Of a handler without a log, and nobody's.
  for (const id of [`${crypto.randomUUID()}-${"0".repeat(16)}`, gone.replaceAll(/\d/g, "1")])
    assert.equal((await fifth.poll(id)).resync, true, id);
});

test("a poll is answered with at most 1,000 changes of its own part, whatever else there is, and goes on behind them", async () => {
  const path = fresh();
  const { poll, store } = serve(path, { authorize: () => ({ prefix: "mine/" }) }, 100_000);
  const begin = (await poll()).last;
  for (let round = 0; round < 3; round++) {
    await store.setMany(Array.from({ length: 2500 }, (_, index) => [`others/${index}`, one] as const));
    await store.setMany(Array.from({ length: 450 }, (_, index) => [`mine/${round}-${index}`, one] as const));
    await store.set("mine/", one);
  }
  const first = await poll(begin);
  const second = await poll(first.last);
  const third = await poll(second.last);
  const expected = Array.from({ length: 3 * 450 }, (_, index) => `set ${Math.floor(index / 450)}-${index % 450}`);
  assert.deepEqual([first.changes.length, second.changes.length, third.changes.length], [1000, 350, 0]);
  assert.deepEqual([...shown(first), ...shown(second)], expected);
  assert.deepEqual(
    shown(await poll(begin, "2-44")).sort(),
    expected.filter((each) => each.startsWith("set 2-44")).sort(),
  );
  // What others do does not show, not even that they do.
  const ids = new Set([begin, first.last, second.last, third.last, (await poll(third.last)).last]);
  assert.deepEqual([ids.size, new Set([...ids].map((id) => id.length)).size], [5, 1]);
});

/** Reads the changes of a stream, "resync" among them, until one is of a key. */
async function readChanges(response: Response, key: string): Promise<string[]> {
  const read = await readUntil(response, JSON.stringify({ type: "set", key }));
  return [...read.matchAll(/^(?:event: (resync)|data: (\{.*))$/gm)].map(([, resync, data]) =>
    resync ? resync : showChange(JSON.parse(data!)),
  );
}

test("a stream goes on where another handler's ended, however long ago, and then with what happens", async () => {
  const path = fresh();
  const [first, second] = [serve(path, { history: { maxChanges: 20 } }), serve(path, { history: { maxChanges: 20 } })];
  const begun = await first.stream();
  const last = begun.headers.get("shelflife-last")!;
  await begun.body!.cancel();
  const keys = Array.from({ length: 150 }, (_, index) => `${index}`);
  // More than the handlers themselves remember.
  for (const key of keys) await first.store.set(key, one);
  const again = await second.stream(last);
  assert.equal(again.headers.get("shelflife-last"), last);
  const reading = readChanges(again, "live");
  await first.store.set("live", one);
  assert.deepEqual(
    await reading,
    [...keys, "live"].map((key) => `set ${key}`),
  );
  // Who begins anew hears of nothing before.
  const anew = readChanges(await second.stream(), "later");
  await first.store.set("later", one);
  assert.deepEqual(await anew, ["set later"]);
});

test("a reader that falls behind what its handler remembers misses nothing that the file remembers", async () => {
  const path = fresh();
  const [server, short] = [serve(path, { history: { maxChanges: 10 } }), fresh()];
  const slow = await server.stream();
  const keys = Array.from({ length: 500 }, (_, index) => `${index}`);
  for (const key of keys) await server.store.set(key, one);
  assert.deepEqual(
    await readChanges(slow, "499"),
    keys.map((key) => `set ${key}`),
  );
  // Beyond that it is said that something is missing.
  const other = serve(short, { history: { maxChanges: 10 } }, 30);
  const lost = await other.stream();
  for (let round = 0; round < 3; round++)
    await other.store.setMany(Array.from({ length: 600 }, (_, index) => [`${round}-${index}`, one] as const));
  const reading = readChanges(lost, "end");
  await until(async () => (await other.poll(lost.headers.get("shelflife-last")!)).resync);
  await other.store.set("end", one);
  const seen = await reading;
  assert.ok(seen.includes("resync"), seen.join());
  assert.equal(seen.at(-1), "set end");
});

test("a watch whose polls go round between handlers sees each change once", async () => {
  const path = fresh();
  const servers = [serve(path), serve(path)];
  let turn = 0;
  const far = remote({
    url,
    fetch: (address, init) => {
      const request = new Request(address, init);
      // Something on the way cuts streams.
      if (new URL(request.url).pathname === "/changes" && request.headers.get("accept") !== "application/json")
        return Promise.resolve(new Response("cut", { status: 502 }));
      return servers[turn++ % 2]!.answer(request);
    },
    attempts: 1,
  });
  const watch = far.watch();
  const seen: string[] = [];
  const watching = (async () => {
    for await (const change of watch) if (seen.push(showChange(change)) === 20) return;
  })();
  await far.has("begun");
  for (let round = 0; round < 20; round++) await servers[round % 2]!.store.set(`${round}`, one);
  await watching;
  assert.deepEqual(
    seen,
    Array.from({ length: 20 }, (_, round) => `set ${round}`),
  );
  await far.close();
});

test("where the log was ended a stream says so, and a poll goes on by what the handler sees; a view has no log", async () => {
  const path = fresh();
  const server = serve(path);
  const { last } = await server.poll();
  const stream = await server.stream();
  const ender = sqlite({ path, history: false });
  await ender.set("a", one);
  // The handler's own store asks for it again, so it is another handler's that has none.
  await ender.close();
  const plain = sqlite({ path });
  const answer = handler(plain);
  const polled = async (after: string): Promise<Polled> =>
    (await (
      await answer(new Request(`${url}/changes?after=${after}`, { headers: { accept: "application/json" } }))
    ).json()) as Polled;
  assert.equal((await server.poll(last)).resync, true);
  await readUntil(stream, "event: resync");
  const again = await polled((await server.poll()).last);
  assert.deepEqual([again.changes, again.resync], [[], undefined]);
  await plain.close();
  const view = handler(prefix(server.store, "part/"));
  const response = await view(new Request(`${url}/changes`, { headers: { accept: "application/json" } }));
  assert.match(((await response.json()) as Polled).last, /^[\da-f]{8}-/);
});
