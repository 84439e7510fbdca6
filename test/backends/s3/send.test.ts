import assert from "node:assert/strict";
import { onTestFinished, test, vi } from "vitest";
import { text, utf8 } from "../../support/bytes.ts";
import { refuse, strictS3 } from "../../support/strictS3.ts";
import { first, open, rejects, type Between } from "../../support/strictStore.ts";
import { until } from "../../support/until.ts";

test("a body cut short is read again, and is never a value", async () => {
  const bucket = strictS3();
  await open(bucket).setMany([["a", utf8("whole")], ["b", utf8("whole"), { ttl: 60_000 }]]); // prettier-ignore
  const cut: Between = async (request, send) => {
    const response = await send(request);
    return new Response((await response.bytes()).slice(0, 3), { headers: new Headers(response.headers) });
  };
  const broken: Between = async (request, send) => {
    const { headers } = await send(request);
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(utf8("who"));
        controller.error(new TypeError("terminated"));
      },
    });
    return new Response(body, { headers: new Headers(headers) });
  };
  for (const fault of [cut, broken]) {
    for (const each of ["a", "b"]) {
      assert.equal(text(await open(bucket, first("GET", fault)).get(each)), "whole");
      await rejects(open(bucket, first("GET", fault, 9), { attempts: 2 }).get(each), "unavailable");
    }
  }
});

test("a request that is asked to slow down waits as long as asked, and no longer than its timeout", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  // In the middle of every jitter.
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  const bucket = strictS3();
  const slow: Between = () => refuse(503, "SlowDown", "GET", { "retry-after": "1" });
  let isWritten = false;
  const store = open(bucket, first("PUT", slow), { sweepInterval: Infinity });
  const writing = store.set("a", utf8("x")).then(() => (isWritten = true));
  // That of the timeout, and that of the wait: one second, and the pause that any request makes before it is sent again.
  await until(() => vi.getTimerCount() === 2);
  vi.advanceTimersByTime(1099);
  await new Promise(setImmediate);
  assert.deepEqual([isWritten, bucket.requests], [false, []]);
  vi.advanceTimersByTime(1);
  await writing;
  assert.deepEqual(bucket.requests, ["PUT v/a"]);
  // On a clock that stands still, only that which does not wait at all is refused.
  const hurried = open(bucket, first("PUT", slow), { timeout: 500, sweepInterval: Infinity });
  await rejects(hurried.set("a", utf8("y")), "unavailable", /SlowDown/);
  assert.equal(vi.getTimerCount(), 0);
});

test("a call that nobody answers ends with its timeout, or with its signal", async () => {
  const silent = open(strictS3(), () => new Promise(() => {}), { timeout: 50 });
  await rejects(silent.get("a"), "unavailable", /within 50 ms/);
  const controller = new AbortController();
  const reason = new Error("enough");
  let sent: AbortSignal | undefined;
  const store = open(strictS3(), (request) => {
    sent = request.signal;
    controller.abort(reason);
    return new Promise(() => {});
  });
  await assert.rejects(store.get("a", { signal: controller.signal }), (error) => error === reason);
  assert.ok(sent!.aborted);
  // A sweep would wait as well.
  await Promise.all([silent.close(), store.close()]);
});
