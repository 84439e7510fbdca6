import assert from "node:assert/strict";
import { test } from "vitest";
import { memory } from "../../src/backends/memory.ts";
import { handler } from "../../src/http/handler.ts";
import { logRequests, type LogLine } from "../../src/service/log.ts";

function logged(): { lines: string[]; answer: (request: Request) => Promise<Response> } {
  const lines: string[] = [];
  let time = 1_900_000_000_000;
  const wrap = logRequests({ write: (line) => lines.push(line), holder: () => "web", now: () => (time += 5) });
  return { lines, answer: wrap(handler(memory())) };
}

test("a line says what was asked and answered, and no key, value or token", async () => {
  const { lines, answer } = logged();
  const headers = { authorization: "Bearer secret", "content-length": "6", "x-request-id": "req-1" };
  const put = await answer(new Request("http://x/entry?key=secret", { method: "PUT", body: "secret", headers }));
  assert.equal(put.headers.get("x-request-id"), "req-1");
  await answer(new Request("http://x/entries?prefix=secret&cursor=secret"));
  await answer(new Request("http://x/secret/entry?key=none"));
  await answer(new Request("http://x/secret"));
  await answer(new Request("http://x/entry?key=secret", { method: "SECRET" }));
  const read = await answer(new Request("http://x/entry?key=secret"));
  assert.equal(await read.text(), "secret");
  assert.doesNotMatch(lines.join("\n"), /secret/i);
  const [first, list, miss, path, method, found] = lines.map((line) => JSON.parse(line) as LogLine);
  assert.deepEqual(first, {
    time: "2030-03-17T17:46:40.005Z",
    id: "req-1",
    method: "PUT",
    resource: "entry",
    status: 204,
    code: "ok",
    received: 6,
    holder: "web",
    duration: 5,
    sent: 0,
  });
  assert.deepEqual([list!.resource, list!.status], ["entries", 200]);
  assert.deepEqual([miss!.resource, miss!.status, miss!.code], ["entry", 404, "not-found"]);
  assert.deepEqual([path!.resource, path!.status], [undefined, 404]);
  assert.deepEqual([method!.method, method!.status], ["_OTHER", 405]);
  assert.deepEqual([found!.sent, found!.code], [6, "ok"]);
  assert.match(found!.id, /^[\da-f-]{36}$/);
});

test("nobody can put a line, or anything long, into a log", async () => {
  const { lines, answer } = logged();
  const ids = ['x"}', "x".repeat(65), "a b", "\u00e9", "{}", "a,b"];
  for (const id of ids)
    await answer(new Request("http://x/entry?key=%0a%22", { headers: { "x-request-id": id, traceparent: id } }));
  assert.equal(lines.length, ids.length);
  for (const line of lines) {
    assert.doesNotMatch(line, /\n/);
    const { id, trace } = JSON.parse(line) as LogLine;
    assert.match(id, /^[\da-f-]{36}$/);
    assert.equal(trace, undefined);
  }
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  await answer(new Request("http://x/entry?key=a", { headers: { traceparent } }));
  assert.equal((JSON.parse(lines.at(-1)!) as LogLine).trace, "0af7651916cd43dd8448eb211c80319c");
});

test("a stream is logged when it is over, with what was sent", async () => {
  const lines: string[] = [];
  const chunks = ["data: 1\n\n", "data: 22\n\n"];
  const answer = logRequests({ write: (line) => lines.push(line) })(
    async () =>
      new Response(
        new ReadableStream({
          pull(controller) {
            const chunk = chunks.shift();
            if (chunk) controller.enqueue(new TextEncoder().encode(chunk));
            else controller.close();
          },
        }),
        { headers: { "content-type": "text/event-stream" } },
      ),
  );
  const response = await answer(new Request("http://x/changes"));
  assert.deepEqual(lines, []);
  assert.equal(await response.text(), "data: 1\n\ndata: 22\n\n");
  assert.equal((JSON.parse(lines[0]!) as LogLine).sent, 19);
  assert.equal(lines.length, 1);
});

test("a log that cannot be written stops no request", async () => {
  const answer = logRequests({
    write() {
      throw new Error("ENOSPC");
    },
  })(async () => new Response("ok", { headers: { "content-length": "2" } }));
  assert.equal(await (await answer(new Request("http://x/"))).text(), "ok");
});
