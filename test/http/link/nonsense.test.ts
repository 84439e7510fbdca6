import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { test } from "vitest";
import { isStoreError } from "../../../src/core/error.ts";
import { isKey } from "../../../src/core/key.ts";
import { anyBytes, fuzz } from "../../support/fuzz.ts";
import { linked } from "../../support/linked.ts";
import { bytes } from "../../support/pair.ts";

const isUnavailable = (error: unknown): boolean => isStoreError(error, "unavailable");
const tag = createHash("sha256").update("x").digest("hex");
const id = `${"0".repeat(8)}-0000-0000-0000-${"0".repeat(12)}-${"0".repeat(16)}`;
const reads = ["", "\n", "{}\n", "null\n", "[]\n", "[null]\n", "[null,null,null]\n", `[[1,null,"${tag}"],null]\n`, `[[1,null,"${tag}"],null]\nxy`, "[[1,null],null]\nx", "[[1,null,5],null]\nx",
  `[[-1,null,"${tag}"],null]\n`, `[["1",null,"${tag}"],null]\nx`, `[[0.5,null,"${tag}"],null]\nx`, `[[1,0,"${tag}"],null]\nx`, `[[1,"5","${tag}"],null]\nx`, `[{"0":1,"1":null,"2":"${tag}"},null]\nx`, '["alone",null]\n', "[true,null]\n"]; // prettier-ignore
const line = { key: "a/1", ttl: null, size: 1, tag };
const lists: unknown[] = [null, [], {}, { entries: {} }, { entries: [null] }, { entries: [{ ...line, tag: undefined }] }, { entries: [{ ...line, tag: 5 }] }, { entries: [{ ...line, key: "b/1" }] },
  { entries: [{ ...line, key: "a" }] }, { entries: [{ ...line, key: 5 }] }, { entries: [{ ...line, ttl: 0 }] }, { entries: [{ ...line, ttl: "5" }] }, { entries: [{ ...line, size: -1 }] },
  { entries: [line, line, line] }, { entries: [line], cursor: 5 }, { entries: [], cursor: "same" }]; // prettier-ignore
const polls: unknown[] = [null, [], {}, { changes: [], last: id }, { changes: [], last: id, time: "5", scope: "s" }, { changes: [], last: id, time: 5 }, { changes: [], last: id, time: 5, scope: 5 }, { changes: [], time: 5, scope: "s" }, { changes: {}, last: id, time: 5, scope: "s" }, { changes: [], last: 5, time: 5, scope: "s" },
  { changes: [{ type: "set", key: "b/1" }], last: id, time: 5, scope: "s" }, { changes: [{ type: "set", key: "a" }], last: id, time: 5, scope: "s" }, { changes: [{ type: "put", key: "a/1" }], last: id, time: 5, scope: "s" },
  { changes: [{ type: "set", key: "" }], last: id, time: 5, scope: "s" }, { changes: [{ type: "set" }], last: id, time: 5, scope: "s" }, { changes: Array.from({ length: 1001 }, () => ({ type: "set", key: "a/1" })), last: id, time: 5, scope: "s" }]; // prettier-ignore

test("an answer of another shape or size is an outage", async () => {
  const answering = (body: string | Uint8Array<ArrayBuffer>) =>
    linked(
      { remote: { attempts: 1 }, between: async () => new Response(body, { headers: { shelflife: "ok" } }) },
      "a/",
    );
  for (const body of reads) {
    const { link, call } = answering(body);
    await assert.rejects(link.read([["1", undefined], ["2", undefined]], call), isUnavailable, body); // prettier-ignore
  }
  // What was asked for by itself is there, gone, or the one that is known.
  const { link, call } = answering(`[[null,null,"${tag}"]]\n`);
  await assert.rejects(link.read([["1", undefined]], call), isUnavailable);
  assert.equal((await link.read([["1", tag]], call))[0]?.value, undefined);
  const short = answering(`[[null,null,"${tag}",3]]\n`);
  for (const most of [undefined, 3]) {
    const wanted = [["1", undefined, most] as const];
    await assert.rejects(short.link.read(wanted, short.call), isUnavailable);
  }
  assert.equal((await short.link.read([["1", undefined, 2]], short.call))[0]?.size, 3);
  for (const page of lists) {
    const { link, call } = answering(JSON.stringify(page));
    await assert.rejects(link.list({ limit: 2, cursor: "same" }, call), isUnavailable, JSON.stringify(page));
  }
  for (const polled of polls) {
    const { link, call } = answering(JSON.stringify(polled));
    for (const after of [undefined, id])
      await assert.rejects(link.changes(after, call), isUnavailable, JSON.stringify(polled).slice(0, 200));
  }
});

test("a handler that never comes to an end is left after a while", async () => {
  const many = Array.from({ length: 1000 }, (_, index) => ({ type: "set", key: `k${index}` }));
  let count = 0;
  const { link, call } = linked({
    between: async (request) => {
      const { pathname } = new URL(request.url);
      const body = pathname.endsWith("changes")
        ? { changes: many, last: `${id.slice(0, -4)}${String(1000 + count++)}`, time: 5, scope: "s" }
        : { entries: [], cursor: `c${count++}` };
      return Response.json(body, { headers: { shelflife: "ok" } });
    },
  });
  await assert.rejects(link.list({}, call), isUnavailable);
  assert.equal(count, 100);
  count = 0;
  const { keys, bookmark } = await link.changes(id, call);
  assert.deepEqual([keys, bookmark, count], [undefined, `${id.slice(0, -4)}1099`, 100]);
});

const anyAnswer = fc.oneof(
  anyBytes(),
  fc.json().map((value) => bytes(value)),
  fc.json().map((value) => bytes(`${value}\nxx`)),
  fc.constantFrom(
    ...reads.map((body) => bytes(body)),
    ...[...lists, ...polls].map((body) => bytes(JSON.stringify(body) ?? "")),
  ),
);

fuzz(
  "whatever is answered, a link resolves with what it may or rejects with an error of ours",
  anyAnswer,
  async (body) => {
    const { link, call } = linked({ remote: { attempts: 1 }, between: async () => new Response(body, { headers: { shelflife: "ok" } }) }); // prettier-ignore
    const isWrong = (error: unknown): void => assert.ok(isStoreError(error), String(error));
    await link
      .read(
        [
          ["a", undefined],
          ["b", tag],
        ],
        call,
      )
      .then((found) => {
        // prettier-ignore
        assert.equal(found.length, 2);
        for (const entry of found) assert.ok(!entry || (typeof entry.tag === "string" && entry.expiresAt > 0));
      }, isWrong);
    await link.list({}, call).then(({ entries }) => {
      for (const { key, tag: found, expiresAt } of entries) assert.ok(isKey(key) && typeof found === "string" && expiresAt > 0); // prettier-ignore
    }, isWrong);
    await link.changes(id, call).then(({ keys, time }) => assert.ok(Number.isFinite(time) && (keys ?? []).every(isKey)), isWrong); // prettier-ignore
  },
  500,
);
