import assert from "node:assert/strict";
import * as fc from "fast-check";
import { onTestFinished, test, vi } from "vitest";
import { isStoreError, StoreError } from "../../../src/core/error.ts";
import type { Polled } from "../../../src/http/wire.ts";
import { anyText, fuzz } from "../../support/fuzz.ts";
import { bytes, pair } from "../../support/pair.ts";
import { problem } from "../../support/problem.ts";
import { readUntil } from "../../support/readUntil.ts";
import { until } from "../../support/until.ts";
import { forgetful, watched } from "../../support/watched.ts";

const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

const readPolled = async (response: Response): Promise<Polled> => (await response.json()) as Polled;

test("changes are server-sent events that anybody can read", async () => {
  const { ask, store } = pair();
  const response = await ask("GET", "changes?prefix=a%2F");
  assert.deepEqual(
    ["content-type", "x-accel-buffering", "cache-control", "shelflife"].map((name) => response.headers.get(name)),
    ["text/event-stream", "no", "no-store, no-transform", "ok"],
  );
  await store.set("b", bytes("x"));
  await store.set("a/\n\u{1f600}\0", bytes("x"));
  await store.delete("a/\n\u{1f600}\0");
  const read = await readUntil(response, `"delete"`);
  const [first, ...events] = read.split("\n\n").map((event) => event.replace(/^id: [\da-f]{8}(-[\da-f]+){5}/, "id"));
  assert.deepEqual(
    [first, ...events],
    ["id", 'id\ndata: {"type":"set","key":"a/\\n\u{1f600}\\u0000"}', 'id\ndata: {"type":"delete","key":"a/\\n\u{1f600}\\u0000"}', ""], // prettier-ignore
  );
});

test("the headers come when the watch has begun", async () => {
  let begin: (() => void) | undefined;
  const { store, observers } = watched(() => new Promise((resolve) => (begin = resolve)));
  const { ask } = pair({ store, handler: forgetful });
  let isAnswered = false;
  const asked = ask("GET", "changes").then((response) => {
    isAnswered = true;
    return response;
  });
  await until(() => begin);
  await soon();
  assert.equal(isAnswered, false);
  begin!();
  const response = await asked;
  assert.equal(observers.size, 1);
  await response.body!.cancel();
  await until(() => observers.size === 0);
});

test("a refused watch is a problem document, and rejects at the remote", async () => {
  const refused = new StoreError("unauthorized", "No watching here: expected a better account");
  for (const begin of [
    () => {
      throw refused;
    },
    () => soon().then(() => Promise.reject(refused)),
  ]) {
    const { ask, far } = pair({ store: watched(begin).store });
    const response = await ask("GET", "changes");
    assert.deepEqual([response.status, response.headers.get("content-type")], [401, "application/problem+json"]);
    await assert.rejects(
      far.watch().next(),
      (error) => isStoreError(error, "unauthorized") && error.message === refused.message,
    );
  }
  const { ask } = pair();
  assert.equal((await ask("GET", "changes?prefix=%ff")).status, 400);
});

test("streams share a watch on the store, which ends after the last of them", async () => {
  const { store, observers } = watched();
  const { far, ask } = pair({ store, handler: forgetful });
  const response = await ask("GET", "changes");
  const watch = far.watch();
  const waiting = watch.next();
  // A call waits until the watch has begun.
  await far.has("a");
  assert.equal(observers.size, 1);
  await response.body!.cancel();
  await soon();
  assert.equal(observers.size, 1);
  await watch.return!();
  assert.deepEqual(await waiting, { done: true, value: undefined });
  await until(() => observers.size === 0);
});

test("a client that reads no more is let go", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  onTestFinished(() => void vi.useRealTimers());
  const { store, observers } = watched();
  const { ask } = pair({ store, handler: forgetful });
  const response = await ask("GET", "changes");
  assert.equal(observers.size, 1);
  for (let count = 0; count < 3; count++) vi.advanceTimersByTime(15_000);
  await until(() => observers.size === 0);
  await assert.rejects(async () => {
    for await (const _ of response.body!);
  });
});

test("a reader that comes back gets what it missed, or resync where that is not known any more", async () => {
  const { ask, store, clock } = pair();
  await (await ask("GET", "changes")).body!.cancel();
  const begin = (await (await ask("GET", "changes", { headers: { accept: "application/json" } })).json()) as Polled;
  assert.deepEqual(begin.changes, []);
  await store.set("b", bytes("x"));
  await store.set("a", bytes("x"));
  const path = `changes?prefix=a&after=${begin.last}`;
  const missed = (await (await ask("GET", path, { headers: { accept: "application/json" } })).json()) as Polled;
  const scopes = new Set<string>();
  const poll = async (where: string): Promise<Polled> => {
    const polled = await ask("GET", where, { headers: { accept: "application/json" } });
    const { scope, ...rest } = (await polled.json()) as Polled;
    scopes.add(scope);
    return { ...rest, last: "", scope: "" };
  };
  assert.deepEqual(missed.changes, [{ type: "set", key: "a" }]);
  clock.advance(5);
  const time = clock.now();
  assert.deepEqual(await poll(`changes?after=${missed.last}`), { changes: [], last: "", time, scope: "" });
  for (const [where, headers] of [
    [path, {}],
    ["changes?prefix=a", { "last-event-id": begin.last }],
  ] as const) {
    const response = await ask("GET", where, { headers });
    assert.equal(response.headers.get("shelflife-last"), begin.last);
    assert.match(await readUntil(response, "data: "), /^id: .*\n\nid: .*\ndata: {"type":"set","key":"a"}\n\n$/);
  }
  // Of another handler, of one before a restart, and of a version that counted.
  const other = pair();
  const foreign = ((await (await other.ask("GET", "changes", { headers: { accept: "application/json" } })).json()) as Polled).last; // prettier-ignore
  for (const id of [foreign, `${crypto.randomUUID()}-${"0".repeat(16)}`, `${crypto.randomUUID()}-17`]) {
    const lost = await ask("GET", "changes", { headers: { "last-event-id": id } });
    assert.match(await readUntil(lost, "data: "), /^event: resync\nid: .*\ndata: null\n\n$/, id);
    assert.deepEqual(await poll(`changes?after=${id}`), { changes: [], last: "", resync: true, time, scope: "" }, id);
  }
});

test("a reader that falls behind what is remembered gets resync, and costs no memory", async () => {
  const { ask, store } = pair();
  const response = await ask("GET", "changes");
  const items = Array.from({ length: 10_000 }, (_, index) => [`${index}`, bytes("x")] as const);
  for (let count = 0; count < 3; count++) await store.setMany(items);
  const headers = { accept: "application/json" };
  // The log forgets when it has 20,000.
  const begun = response.headers.get("shelflife-last")!;
  await until(
    async () => (await readPolled(await ask("GET", `changes?prefix=none&after=${begun}`, { headers }))).resync,
  );
  const [, id] = /event: resync\nid: (.*)\n/.exec(await readUntil(response, "resync\n"))!;
  assert.equal((await ask("GET", `changes?after=${id}`, { headers }).then(readPolled)).resync, undefined);
});

test("streams are counted, and one too many is refused with Retry-After", async () => {
  const { ask } = pair({ handler: { maxStreams: 2 } });
  const open = [await ask("GET", "changes"), await ask("GET", "changes")];
  const refused = await ask("GET", "changes");
  assert.deepEqual([refused.status, refused.headers.get("retry-after")], [429, "5"]);
  assert.equal((await ask("GET", "changes", { headers: { accept: "application/json" } })).status, 200);
  await open[0]!.body!.cancel();
  open[0] = await ask("GET", "changes");
  assert.equal(open[0].status, 200);
  for (const { body } of open) await body!.cancel();
});

test("a stream that the store refuses leaves its slot to the next", async () => {
  let isRefused = true;
  const { store } = watched(() => {
    if (isRefused) throw new StoreError("unavailable", "Not now");
  });
  const { ask } = pair({ store, handler: { ...forgetful, maxStreams: 1 } });
  for (let count = 0; count < 3; count++) await problem(ask("GET", "changes"), 503, "unavailable");
  isRefused = false;
  const response = await ask("GET", "changes");
  assert.equal(response.status, 200);
  await response.body!.cancel();
});

test("a scope hears of its own keys only, also when it comes back", async () => {
  const { ask, store } = pair({ handler: { authorize: () => ({ prefix: "mine/" }) } });
  const response = await ask("GET", "changes");
  const last = response.headers.get("shelflife-last")!;
  await store.set("other/a", bytes("x"));
  await store.set("mine/a", bytes("x"));
  assert.deepEqual((await readUntil(response, "data: ")).match(/data.*/g), ['data: {"type":"set","key":"a"}']);
  const again = await ask("GET", "changes?prefix=a", { headers: { "last-event-id": last } });
  assert.deepEqual((await readUntil(again, "data: ")).match(/data.*/g), ['data: {"type":"set","key":"a"}']);
});

test("the ids of a scope show nothing of the changes of others, not even that there were some", async () => {
  const { ask, store } = pair({ handler: { authorize: () => ({ prefix: "mine/" }) } });
  const accept = { headers: { accept: "application/json" } };
  const next = async (after?: string): Promise<Polled> =>
    readPolled(await ask("GET", `changes${after === undefined ? "" : `?after=${after}`}`, accept));
  let { last } = await next();
  const ids = [last];
  for (let count = 0; count < 50; count++) {
    if (count % 2) await store.set("other/a", bytes("x"));
    const polled = await next(last);
    assert.deepEqual(polled.changes, []);
    ids.push(({ last } = polled).last);
  }
  // Each is another one, whether something has changed or not.
  assert.equal(new Set(ids).size, ids.length);
  assert.equal(new Set(ids.map((id) => id.slice(0, 36))).size, 1);
  await store.set("mine/a", bytes("x"));
  assert.deepEqual((await next(ids[0])).changes, [{ type: "set", key: "a" }]);
  assert.deepEqual((await next(last)).changes, [{ type: "set", key: "a" }]);
});

const otherLog = `${crypto.randomUUID()}-`;
const places = fc.oneof(
  fc.constantFrom("", "0", "-1", "NaN", "0.5", "1.5", "1e0", "0x1", "Infinity", " 1", "9007199254740993", "1e-1"),
  fc.string({ unit: fc.constantFrom(..."0123456789abcdef.".split("")), maxLength: 17 }),
);

/** A handler that has only one slot, so that none may be lost. */
const failures: unknown[] = [];
const single = pair({ handler: { maxStreams: 1, onError: (error) => failures.push(error) } });

fuzz(
  "an id that is none is refused, one of another log is answered by a resync, and no slot is lost",
  fc.tuple(places, fc.oneof(fc.constantFrom("this", "other"), anyText)),
  async ([place, log]) => {
    const { ask, store } = single;
    const first = await ask("GET", "changes");
    assert.equal(first.status, 200);
    const own = first.headers.get("shelflife-last")!;
    await first.body!.cancel();
    await store.set("a", bytes("x"));
    const id = (log === "this" ? own.slice(0, 37) : log === "other" ? otherLog : log) + place;
    const query = `changes?${new URLSearchParams({ after: id })}`;
    const response = await ask("GET", query);
    const polled = await ask("GET", query, { headers: { accept: "application/json" } });
    assert.equal(polled.status, response.status);
    assert.equal(response.status, /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}-[\da-f]{1,16}$/.test(id) ? 200 : 400, id);
    if (response.status === 200) {
      await readUntil(response, "data: ");
      await polled.json();
    } else for (const each of [response, polled]) await problem(each, 400, "invalid-argument");
    assert.deepEqual(failures, []);
  },
  1000,
);

test("a store that may have missed changes says so to every stream and every poll, whatever their prefix", async () => {
  const { store, observers } = watched();
  const { ask } = pair({ store, handler: { authorize: () => ({ prefix: "mine/" }) } });
  const stream = await ask("GET", "changes?prefix=a");
  const last = stream.headers.get("shelflife-last")!;
  await until(() => observers.size);
  for (const observer of observers) {
    observer.changed({ type: "set", key: "mine/a1" });
    observer.resync();
    observer.changed({ type: "set", key: "mine/b" });
    observer.changed({ type: "set", key: "mine/a2" });
  }
  const said = (await readUntil(stream, `"key":"a2"`)).match(/^(event|data): .*/gm);
  const set = (key: string): string => `data: {"type":"set","key":"${key}"}`;
  assert.deepEqual(said, [set("a1"), "event: resync", "data: null", set("a2")]);
  const polled = await readPolled(
    await ask("GET", `changes?prefix=a&after=${last}`, { headers: { accept: "application/json" } }),
  );
  assert.deepEqual([polled.resync, polled.changes], [true, [{ type: "set", key: "a2" }]]);
});
