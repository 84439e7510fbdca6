import assert from "node:assert/strict";
import { afterAll } from "vitest";
import * as fc from "fast-check";
import type { Change } from "../../src/core/contract.ts";
import { isStoreError } from "../../src/core/error.ts";
import { isKey } from "../../src/core/key.ts";
import { memory } from "../../src/backends/memory.ts";
import { handler } from "../../src/http/handler.ts";
import { remote } from "../../src/http/remote.ts";
import { readQuery, readTarget } from "../../src/http/server/request.ts";
import { writeEvent, writeResync, writeSign } from "../../src/http/wire/events.ts";
import { frame, readEvents, readProblem, unframe } from "../../src/http/wire.ts";
import { anyBytes, anyJson, anyText, fuzz } from "../support/fuzz.ts";
import { bytes, mount, text } from "../support/pair.ts";
import { greet } from "../support/pushing.ts";

const resources = fc.constantFrom(
  "batch",
  "changes",
  "entries",
  "entry",
  "increment",
  "replica",
  "sweep",
  "take",
  "touch",
);
const methods = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom("GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS") },
  fc.constantFrom("PATCH", "TRACE", "CONNECT", "get", "__proto__", "constructor", "M-SEARCH", "A".repeat(50)),
);
// As a server would hand them over: no control characters, nothing above Latin-1.
const headerValues = fc.oneof(
  fc.constantFrom("0", "1", "5", "keep", "*", "x", "Infinity", "-1", "1e9", "identity", "gzip", "application/json", "text/html", "null"),
  fc.constantFrom('"a", W/"b"', "Bearer x", "https://page.test", "cross-site", `${" ".repeat(2000)},`, ",".repeat(2000)),
  fc.string({ unit: fc.integer({ min: 0x20, max: 0xff }).filter((code) => code !== 0x7f).map((code) => String.fromCharCode(code)), maxLength: 40 }),
); // prettier-ignore
const headerNames = fc.constantFrom(
  "accept", "authorization", "content-encoding", "content-length", "content-range", "content-type", "idempotency-key", "if-match",
  "if-none-match", "last-event-id", "origin", "range", "sec-fetch-site", "shelflife", "shelflife-replica", "shelflife-timeout", "shelflife-ttl",
  "access-control-request-headers", "transfer-encoding", "x-forwarded-host", "__proto__", "constructor",
); // prettier-ignore
const encoded = anyText.map((value) => {
  try {
    return encodeURIComponent(value);
  } catch {
    return "%ed%a0%80";
  }
});
const parameters = fc.array(
  fc.tuple(
    fc.oneof(fc.constantFrom("key", "prefix", "limit", "cursor", "tags", "after", "by"), encoded),
    fc.oneof(encoded, fc.constantFrom("1", "0", "-1", "1e400", "%", "%zz", "%00", "+", "==")),
  ),
  { maxLength: 3 },
);
const addresses = fc
  .tuple(fc.oneof({ weight: 8, arbitrary: resources }, encoded, fc.constantFrom("", "..", "a/../entry")), parameters)
  .map(([path, query]) => `${mount}/${path}?${query.map(([name, value]) => `${name}=${value}`).join("&")}`);

const sizes = fc.oneof(fc.nat(3), fc.constantFrom(null, -1, 0.5, 2 ** 53, "1", 1e300));
const batchCalls = fc.oneof(
  fc.tuple(fc.constantFrom("get", "getTagged", "has", "delete", "take"), anyText),
  fc.tuple(fc.constant("set"), anyText, sizes, sizes),
  fc.tuple(fc.constant("increment"), fc.oneof(fc.constant("n"), anyText), sizes, sizes),
  fc.tuple(fc.constant("touch"), anyText, sizes),
  fc.tuple(
    fc.constant("swap"),
    anyText,
    sizes,
    fc.oneof(fc.constant(null), anyText),
    fc.oneof(fc.constant("keep"), sizes),
  ),
  anyJson,
);
const heads = fc.oneof(
  { weight: 4, arbitrary: fc.array(batchCalls, { maxLength: 6 }).map((calls) => ({ calls })) },
  fc.array(anyText, { maxLength: 5 }).map((find) => ({ find })),
  fc.array(anyText, { maxLength: 5 }).map((keys) => ({ delete: keys })),
  fc.array(fc.tuple(anyText, sizes, sizes), { maxLength: 4 }).map((set) => ({ set })),
  fc
    .array(fc.tuple(anyText, fc.oneof(fc.constant(null), anyText, sizes)), { maxLength: 5 })
    .map((getUnless) => ({ getUnless })),
  anyJson,
);
const pushes = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: fc.tuple(fc.constant("add"), fc.constantFrom("n", "word", ""), fc.nat(3), sizes) },
      fc.tuple(fc.constant("write"), anyText, sizes, fc.oneof(fc.constant(null), anyText), sizes),
      fc.tuple(fc.constant("touch"), anyText, sizes),
      anyJson,
    ),
    { maxLength: 6 },
  )
  .map((push) => ({ push }));
const frames = fc.tuple(heads, fc.array(anyBytes(4), { maxLength: 5 })).map(([head, values]) => frame(head, values));
const bodies = fc.oneof(frames, anyBytes(), fc.constant(undefined));

const theirs = "value of somebody else";
const known = ["ok", "not-found", "invalid-argument", "unauthorized", "conflict", "cant-decode", "cant-encode", "unsupported", "unavailable", "quota-exceeded"]; // prettier-ignore

/** A handler that shows a part of a store, beside which there is something that nobody may see or touch. */
const now = (): number => 1_900_000_000_000;
const store = memory({ now });
const errors: unknown[] = [];
const serve = handler(store, {
  authorize: () => ({ prefix: "mine/" }),
  maxBytes: 10_000,
  maxItems: 5,
  now,
  resumeWithin: 1,
  onError: (error) => errors.push(error),
});
await store.set("other", bytes(theirs));
afterAll(() => store.close());

/** Asserts that an answer is one of ours, and returns its body. */
async function checkAnswer(response: Response): Promise<string> {
  assert.deepEqual(errors, []);
  assert.ok([200, 204, 304, 400, 403, 404, 405, 409, 412, 413, 415, 422, 429, 503].includes(response.status), String(response.status)); // prettier-ignore
  const outcome = response.headers.get("shelflife")!;
  assert.ok(known.includes(outcome), outcome);
  assert.equal(response.ok || response.status === 304, outcome === "ok");
  assert.equal(response.headers.get("cache-control"), "no-store, no-transform");
  assert.equal(response.headers.get("set-cookie"), null);
  let body = "";
  if (response.headers.get("content-type") === "text/event-stream") await response.body!.cancel();
  else body = await response.text();
  if (outcome !== "ok" && body) assert.equal((JSON.parse(body) as { code: string }).code, outcome);
  assert.doesNotMatch(body, new RegExp(`${theirs}|mine/|"other"`));
  assert.equal(text(await store.get("other")), theirs);
  return body;
}

fuzz(
  "whatever is asked, the answer is one of ours, no failure, and within the scope",
  fc.record({
    method: methods,
    url: addresses,
    headers: fc.array(fc.tuple(headerNames, headerValues), { maxLength: 4 }),
    body: bodies,
  }),
  async ({ method, url, headers, body }) => {
    const isRead = method === "GET" || method === "HEAD";
    const request = new Request(mount, { method: isRead ? method : "POST", ...(!isRead && body && { body }) });
    for (const [name, value] of headers) request.headers.append(name, value);
    // What Request would put in order a server hands over as it came.
    Object.defineProperties(request, { method: { value: method }, url: { value: url } });
    await checkAnswer(await serve(request));
  },
  3000,
);

let name: string | undefined;
let sequence = 1;
fuzz(
  "a push that is refused has changed nothing and used up no number, and one that is not answers each of its steps once",
  fc.tuple(fc.oneof(pushes, heads), anyBytes(3)).map(([head, value]) => frame(head, [value])),
  async (body) => {
    name ??= (await greet(serve)).name as string;
    const before = await contents();
    const send = (): Promise<Response> =>
      serve(new Request(`${mount}/batch`, { method: "POST", body, headers: { "shelflife-replica": `${name} ${sequence} x` } })); // prettier-ignore
    const { status, body: answer } = await send().then(async (got) => ({ status: got.status, body: new Uint8Array(await got.arrayBuffer()) })); // prettier-ignore
    assert.deepEqual([errors, [200, 400, 413].includes(status)], [[], true], String(status));
    if (status !== 200) return assert.deepEqual(await contents(), before);
    assert.equal((unframe(answer)[0] as unknown[]).length, (unframe(body)[0] as { push: unknown[] }).push.length);
    const after = await contents();
    assert.deepEqual(new Uint8Array(await (await send()).arrayBuffer()), answer);
    assert.deepEqual(await contents(), after);
    sequence++;
    assert.equal(text(await store.get("other")), theirs);
  },
  3000,
);

fuzz(
  "a batch that is refused has changed nothing, and one that is not answers each of its calls",
  frames,
  async (body) => {
    const before = await contents();
    const response = await serve(new Request(`${mount}/batch`, { method: "POST", body }));
    const { status } = response;
    if (status === 200 && response.headers.get("content-type") === "application/vnd.shelflife.frame") {
      const [head] = unframe(new Uint8Array(await response.arrayBuffer()));
      const asked = unframe(body)[0] as { calls?: unknown[]; find?: unknown[]; getUnless?: unknown[] };
      assert.equal((head as unknown[]).length, (asked.calls ?? asked.find ?? asked.getUnless)!.length);
      return;
    }
    await checkAnswer(response);
    assert.ok([200, 204, 400, 413].includes(status), String(status));
    if (status >= 400) assert.deepEqual(await contents(), before);
  },
  3000,
);

async function contents(): Promise<unknown[]> {
  const { entries } = await store.list();
  const values = await store.findMany(entries.map(({ key }) => key));
  return entries.map((entry, index) => [entry, values[index]]);
}

fuzz(
  "every key comes out of an address as it went in",
  anyText.filter(isKey),
  (key) => {
    const { resource, query } = readTarget(`${mount}/entry?${new URLSearchParams({ key })}`, undefined);
    assert.deepEqual([resource, readQuery(query, ["key"]).key], ["entry", key]);
  },
  3000,
);

const changes = fc.record({ type: fc.constantFrom("set", "delete", "expire"), key: fc.oneof(anyText, fc.string()) });

fuzz(
  "events are read as they were written, wherever they are cut",
  fc.tuple(fc.array(changes, { maxLength: 6 }), fc.array(fc.nat(20), { maxLength: 30 })),
  ([written, cuts]) => {
    const events = written.map((change, index) => writeEvent(`id-${index + 1}`, change as Change) + writeSign(`sign-${index}`)).join("") + writeResync("end"); // prettier-ignore
    const read: unknown[] = [];
    const ids: string[] = [];
    let resyncs = 0;
    const sink = { changed: (change: Change) => read.push(change), resync: () => resyncs++, reached: (id: string) => ids.push(id) }; // prettier-ignore
    let rest = "";
    for (let at = 0; at < events.length;) {
      const size = (cuts.shift() ?? events.length) + 1;
      rest = readEvents(rest + events.slice(at, (at += size)), sink);
    }
    assert.deepEqual([rest, resyncs, ids.at(-1)], ["", 1, "end"]);
    assert.deepEqual(read.slice(0, written.length), written.map((change) => JSON.parse(JSON.stringify(change)) as unknown)); // prettier-ignore
  },
);

fuzz(
  "a problem is read as an error of ours, or not at all",
  fc.tuple(fc.oneof(fc.constantFrom(...known), anyText), fc.oneof(anyJson.map((value) => bytes(JSON.stringify(value))), anyBytes())), // prettier-ignore
  ([code, body]) => {
    let error: unknown;
    try {
      error = readProblem(code, body);
    } catch {
      // It is a stranger's.
      return;
    }
    assert.ok(isStoreError(error) && error.code === code);
    assert.ok(typeof error.message === "string" && ["string", "undefined"].includes(typeof error.key));
  },
);

const answers = fc.record({
  status: fc.constantFrom(200, 203, 304, 400, 404, 409, 412, 429, 500, 503),
  headers: fc.dictionary(
    fc.constantFrom("shelflife", "shelflife-ttl", "shelflife-last", "etag", "content-length", "content-encoding", "retry-after", "content-type"),
    fc.oneof(fc.constantFrom("ok", "not-found", "conflict", "1", "10", "null", "[]", "{}", '"x"', "1e400", "soon", "text/event-stream"), headerValues),
  ),
  body: fc.oneof(frames, anyBytes(), anyJson.map((value) => bytes(JSON.stringify(value))), fc.constantFrom(bytes("[[1,5]]\nx"), bytes("[null]\n"), bytes("1"))),
}); // prettier-ignore

fuzz(
  "whatever is answered, a call resolves with what it may or rejects with an error of ours",
  answers,
  async ({ status, headers, body }) => {
    const far = remote({
      url: mount,
      attempts: 1,
      timeout: 1000,
      fetch: async () => new Response(status === 304 ? null : body, { status, headers }),
    });
    const controller = new AbortController();
    const watch = far.watch({ signal: controller.signal });
    const watching = watch.next().catch((error: unknown) => error);
    const isValue = (value: unknown): boolean => value === undefined || value instanceof Uint8Array;
    const calls: [string, Promise<unknown>, (result: any) => boolean][] = [
      ["find", far.find("a"), isValue],
      ["has", new Promise((resolve) => setTimeout(resolve)).then(() => far.has("a")), (has) => typeof has === "boolean"],
      ["set", far.setMany([["a", bytes("x")]]), (result) => result === undefined],
      ["findMany", far.findMany(["a"]), (found) => found.length === 1 && isValue(found[0])],
      ["take", new Promise((resolve) => setTimeout(resolve, 1)).then(() => far.take("a")), isValue],
      ["entry", new Promise((resolve) => setTimeout(resolve, 2)).then(() => far.entry("a")), (entry) => !entry || !Number.isNaN(entry.expiresAt)],
      ["list", far.list(), ({ entries }) => Array.isArray(entries)],
    ]; // prettier-ignore
    await Promise.allSettled(calls.map(([, call]) => call));
    for (const [name, call, isRight] of calls) {
      await call.then(
        (result) => assert.ok(isRight(result), `${name} resolved with ${JSON.stringify(result)}`),
        (error: unknown) => assert.ok(isStoreError(error), `${name} rejected with ${String(error)}`),
      );
    }
    controller.abort();
    await watching;
    await far.close();
  },
  400,
);
