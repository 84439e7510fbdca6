import assert from "node:assert/strict";
import { onTestFinished, test, vi } from "vitest";
import type { Change } from "../../../src/core/contract.ts";
import { isStoreError, StoreError } from "../../../src/core/error.ts";
import { bytes, pair } from "../../support/pair.ts";
import { until } from "../../support/until.ts";
import { forgetful, watched } from "../../support/watched.ts";

const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

/** Reads a stream until it has said something. */
async function readUntil(response: Response, end: string): Promise<string> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let read = "";
  while (!read.includes(end)) read += (await reader.read()).value;
  await reader.cancel();
  return read;
}

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
  const read = await readUntil(response, "delete");
  const [first, ...events] = read.split("\n\n").map((event) => event.replace(/^id: [\da-f-]+-(\d+)/, "$1"));
  assert.deepEqual(
    [first, ...events],
    ["0", '2\ndata: {"type":"set","key":"a/\\n\u{1f600}\\u0000"}', '3\ndata: {"type":"delete","key":"a/\\n\u{1f600}\\u0000"}', ""], // prettier-ignore
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

test("who comes back is told what he missed, or that it is not known any more", async () => {
  const { ask, store } = pair();
  await (await ask("GET", "changes")).body!.cancel();
  const begin = (await (await ask("GET", "changes", { headers: { accept: "application/json" } })).json()) as {
    changes: Change[];
    last: string;
  };
  assert.deepEqual(begin.changes, []);
  await store.set("b", bytes("x"));
  await store.set("a", bytes("x"));
  const path = `changes?prefix=a&after=${begin.last}`;
  const missed = await (await ask("GET", path, { headers: { accept: "application/json" } })).json();
  assert.deepEqual(missed, { changes: [{ type: "set", key: "a" }], last: begin.last.replace(/0$/, "2") });
  for (const [where, headers] of [
    [path, {}],
    ["changes?prefix=a", { "last-event-id": begin.last }],
  ] as const) {
    const response = await ask("GET", where, { headers });
    assert.equal(response.headers.get("shelflife-last"), begin.last);
    assert.match(await readUntil(response, "data"), /-0\n\nid: .*-2\ndata: {"type":"set","key":"a"}\n\n$/);
  }
  for (const id of ["nonsense", "", begin.last.replace(/^./, "?"), begin.last.replace(/0$/, "3"), "-1", "NaN"]) {
    const lost = await ask("GET", "changes", { headers: { "last-event-id": id } });
    assert.match(await readUntil(lost, "data"), /^event: resync\nid: .*-2\ndata: null\n\n$/, id);
    const polled = await ask("GET", `changes?after=${id}`, { headers: { accept: "application/json" } });
    assert.equal(((await polled.json()) as { resync?: boolean }).resync, true, id);
  }
});

test("a reader that falls behind what is remembered is told so, and costs no memory", async () => {
  const { ask, store } = pair();
  const response = await ask("GET", "changes");
  const items = Array.from({ length: 10_000 }, (_, index) => [`${index}`, bytes("x")] as const);
  for (let count = 0; count < 3; count++) await store.setMany(items);
  const headers = { accept: "application/json" };
  const last = async (): Promise<string> =>
    ((await (await ask("GET", "changes", { headers })).json()) as { last: string }).last;
  while (!(await last()).endsWith("-30000"));
  const read = await readUntil(response, "resync");
  assert.match(read, /event: resync\nid: .*-30000\n/);
});

test("streams are counted, and one too many is told when to come again", async () => {
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

test("a scope hears of its own keys only, also when it comes back", async () => {
  const { ask, store } = pair({ handler: { authorize: () => ({ prefix: "mine/" }) } });
  const response = await ask("GET", "changes");
  const last = response.headers.get("shelflife-last")!;
  await store.set("other/a", bytes("x"));
  await store.set("mine/a", bytes("x"));
  assert.deepEqual((await readUntil(response, "data")).match(/data.*/g), ['data: {"type":"set","key":"a"}']);
  const again = await ask("GET", "changes?prefix=a", { headers: { "last-event-id": last } });
  assert.deepEqual((await readUntil(again, "data")).match(/data.*/g), ['data: {"type":"set","key":"a"}']);
});
