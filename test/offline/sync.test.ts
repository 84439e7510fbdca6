import assert from "node:assert/strict";
import { afterEach, beforeEach, test, vi } from "vitest";
import type { Change, Store } from "../../src/core/contract.ts";
import { StoreError } from "../../src/core/error.ts";
import type { Link } from "../../src/core/link.ts";
import { keepInStep } from "../../src/offline/sync.ts";
import { utf8 } from "../support/bytes.ts";
import { offlineRoom, type OfflineRoom } from "../support/offlineRoom.ts";

let end = async (): Promise<void> => {};
beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("navigator", {});
});
afterEach(async () => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  await end();
});

const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

interface Kept extends OfflineRoom {
  /** Whether the server is out of reach. */
  isDown: boolean;
  /** How often its changes were asked for, and how often something was pushed. */
  pulls: number;
  pushes: number;
}

/** Keeps a room in step with an empty server, which does all that is pushed at once. */
function begin(watch: Store["watch"]): Kept {
  const answer = async <R>(found: R): Promise<R> => {
    if (kept.isDown) throw new StoreError("unavailable", "Down");
    return found;
  };
  const link: Partial<Link> = {
    greet: () => answer({ name: "name", scope: "", time: Date.now(), maxBytes: 1e6, maxItems: 1000 }),
    changes: () => (kept.pulls++, answer({ keys: [], bookmark: "1", time: Date.now() })),
    list: () => answer({ entries: [], cursor: undefined }),
    read: (wanted) => answer(wanted.map(() => undefined)),
    push: ({ operations }) => (kept.pushes++, answer(operations.map(() => ({ isDone: true, now: undefined })))),
  };
  const room = offlineRoom(() => link);
  const kept: Kept = { ...room, isDown: false, pulls: 0, pushes: 0 };
  const name = Promise.resolve("test");
  const stop = keepInStep(room.contact, { store: { ...room.server, watch }, status: room.status, name, now: Date.now });
  end = async () => {
    await stop();
    await room.store.close();
  };
  return kept;
}

const unsupported: Store["watch"] = () => ({
  [Symbol.asyncIterator]: () => unsupported(),
  next: () => Promise.reject(new StoreError("unsupported", "No watch")),
});

/** Returns a watch to which changes are given. */
function manual(): { watch: Store["watch"]; give(change: Change): void } {
  let give: (value: IteratorResult<Change>) => void = () => {};
  const iterator: ReturnType<Store["watch"]> = {
    [Symbol.asyncIterator]: () => iterator,
    next: () => new Promise((resolve) => (give = resolve)),
  };
  return { watch: () => iterator, give: (value) => give({ done: false, value }) };
}

test("where the remote does not report its changes, they are asked for within 5 s, again and again", async () => {
  vi.spyOn(Math, "random").mockReturnValue(0.9999);
  const kept = begin(unsupported);
  await pass(100);
  for (let count = 0; count < 3; count++) {
    const { pulls } = kept;
    await pass(5000);
    assert.ok(kept.pulls > pulls && kept.pulls < pulls + 5, `${pulls}, then ${kept.pulls}`);
  }
});

test("what the remote reports is asked for at once, and nothing as long as it reports nothing", async () => {
  const { watch, give } = manual();
  const kept = begin(watch);
  await pass(100);
  const { pulls } = kept;
  await pass(3_600_000);
  assert.equal(kept.pulls, pulls);
  give({ type: "set", key: "k" });
  await pass(10);
  assert.equal(kept.pulls, pulls + 1);
});

test("what waits is on its way within 10 s after the network is back, without any event", async () => {
  vi.spyOn(Math, "random").mockReturnValue(0.9999);
  const kept = begin(manual().watch);
  await pass(100);
  kept.isDown = true;
  await kept.store.set("k", utf8("mine"));
  await pass(3_600_000);
  assert.equal(kept.status.get().online, false);
  kept.isDown = false;
  const { pushes } = kept;
  await pass(10_000);
  assert.equal(kept.pushes, pushes + 1);
  assert.equal(kept.status.get().online, true);
});

test("a context that does not lead exchanges what there is after 15 s, and not before", async () => {
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  const request = (_: string, { signal }: { signal: AbortSignal }): Promise<void> =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
  vi.stubGlobal("navigator", { locks: { request } });
  const kept = begin(manual().watch);
  await kept.store.set("mine", utf8("1"));
  await pass(14_900);
  assert.deepEqual([kept.pulls, kept.pushes], [0, 0]);
  await pass(200);
  assert.deepEqual([kept.pulls, kept.pushes], [1, 1]);
});

test("when nothing is heard of the remote any more, the status is offline as soon as that is noticed", async () => {
  const { watch, give } = manual();
  const kept = begin(watch);
  await pass(100);
  assert.equal(kept.status.get().online, true);
  kept.isDown = true;
  // As a remote reports it after 45 s of silence.
  give({ type: "resync" });
  await pass(10);
  assert.equal(kept.status.get().online, false);
});

test("the event that the network is gone is looked into at once", async () => {
  const target = new EventTarget();
  vi.stubGlobal("addEventListener", target.addEventListener.bind(target));
  vi.stubGlobal("removeEventListener", target.removeEventListener.bind(target));
  const kept = begin(manual().watch);
  await pass(100);
  kept.isDown = true;
  target.dispatchEvent(new Event("offline"));
  await pass(10);
  assert.equal(kept.status.get().online, false);
});
