import assert from "node:assert/strict";
import { test } from "vitest";
import type { Store } from "../../../src/core/contract.ts";
import { isStoreError } from "../../../src/core/error.ts";
import { bytes, pair } from "../../support/pair.ts";

const isUnavailable = (error: unknown): boolean => isStoreError(error, "unavailable");

/** A remote to which every request is answered the same, as a handler would, and how often that was. */
function answering(body: string | null, headers: Record<string, string> = {}): { far: Store; sent: string[] } {
  return pair({
    between: async () => new Response(body, { headers: { shelflife: "ok", ...headers } }),
    remote: { attempts: 1 },
  });
}

/** Calls about one key, and what each may be answered. */
const singles: Record<string, { run(far: Store): Promise<unknown>; takes: readonly string[] }> = {
  find: { run: (far) => far.find("a"), takes: ["null", "value"] },
  get: { run: (far) => far.entry("a"), takes: ["null", "value"] },
  has: { run: (far) => far.has("a"), takes: ["null", "value"] },
  take: { run: (far) => far.take("a"), takes: ["null", "value"] },
  set: { run: (far) => far.set("a", bytes("x")), takes: ["true"] },
  delete: {
    run: (far) => far.delete("a").catch((error) => assert.ok(isStoreError(error, "not-found"), error as Error)),
    takes: ["true", "false"],
  },
  touch: { run: (far) => far.touch("a", { ttl: 1 }), takes: ["true", "false"] },
  increment: { run: (far) => far.increment("a"), takes: ["5", "0", "-1.5"] },
};

test("a line that is no result of its call is an outage: no miss, no success and no sum", async () => {
  const value = "[1,null]";
  const lines = [
    "null", "true", "false", "0", "5", "-1.5", "1e400", '""', '"evil"', '"alone"', "[]", "{}", "[null]", '["1",null]', "[1]", '[1,"5"]',
    "[1,0]", "[1,-1]", "[1,true]", "[1,[]]", "[2,null]", "[0,null]", "[-1,null]", "[0.5,null]", "[[1],null]", '{"code":"not-found","detail":"x"}',
    '{"code":"evil","detail":"x"}', '{"code":"closed","detail":"x"}', '{"code":"conflict"}', '{"code":["conflict"],"detail":"x"}', '{"code":"conflict","detail":5}',
  ]; // prettier-ignore
  for (const [name, { run, takes }] of Object.entries(singles)) {
    for (const line of lines) {
      // A value has its byte behind the head, whatever the head makes of it.
      const { far } = answering(`[${line}]\n${line.startsWith("[") ? "x" : ""}`);
      if (takes.includes(line)) await run(far).catch((error) => assert.fail(`${name}, ${line}: ${error}`));
      else await assert.rejects(run(far), isUnavailable, `${name}, ${line}`);
    }
    if (takes.includes("value")) await run(answering(`[${value}]\nx`).far);
    else await assert.rejects(run(answering(`[${value}]\nx`).far), isUnavailable, `${name}, a value`);
    // What is left over belongs to nothing.
    for (const line of takes) await assert.rejects(run(answering(`[${line === "value" ? value : line}]\nxy`).far), isUnavailable, name); // prettier-ignore
  }
});

test("a value that is to be changed has to have a tag", async () => {
  for (const line of ["[1,null]", "[1,null,5]", "[1,null,null]"]) {
    await assert.rejects(
      answering(`[${line}]\nx`).far.update("a", () => bytes("y")),
      isUnavailable,
      line,
    );
  }
});

test("a swap is done or is not, and nothing between", async () => {
  for (const line of ["null", "1", '"true"', "[1,null]"]) {
    let count = 0;
    const { far } = pair({
      between: async () => new Response(count++ ? `[${line}]\n` : "[null]\n", { headers: { shelflife: "ok" } }),
      remote: { attempts: 1 },
    });
    await assert.rejects(far.setIfAbsent("a", bytes("x")), isUnavailable, line);
  }
});

test("what is answered to many entries at once is looked at too", async () => {
  const counts = ["null", "true", '"5"', "-1", "0.5", "1e400", "[1]", "{}", ""];
  const strange: [run: (far: Store) => Promise<unknown>, bodies: string[]][] = [
    [(far) => far.deleteMany(["a", "b"]), [...counts, "3"]],
    [(far) => far.sweep(), counts],
    [(far) => far.setMany([["a", bytes("x")]]), ["null", "[null]\n", "true"]],
    [(far) => far.clear(), ["null", "[]"]],
  ];
  for (const [run, bodies] of strange) {
    for (const body of bodies) await assert.rejects(run(answering(body).far), isUnavailable, `${String(run)}, ${body}`);
  }
  assert.equal(await answering("2").far.deleteMany(["a", "b"]), 2);
  assert.equal(await answering("7").far.sweep(), 7);
  await answering(null).far.clear();
});

test("a page is a page of what was asked for", async () => {
  const entry = { key: "ab", ttl: null, size: 1 };
  const page = (more: object): string => JSON.stringify({ entries: [entry], ...more });
  const strange = [
    "null",
    "[]",
    "{}",
    '{"entries":{}}',
    page({ cursor: 5 }),
    page({ cursor: null }),
    page({ cursor: "here" }),
    page({ entries: [entry, entry, entry] }),
    ...[{ key: "b" }, { key: 5 }, { key: "a\ud800" }, { key: `a${"x".repeat(1024)}` }, { ttl: "5" }, { ttl: undefined }, { ttl: -1 }, { size: -1 }, { size: "1" }, { size: null }]
      .map((more) => page({ entries: [{ ...entry, ...more }] })),
    page({ entries: [null] }),
    page({ entries: ["ab"] }),
  ]; // prettier-ignore
  for (const body of strange) {
    await assert.rejects(answering(body).far.list({ prefix: "a", limit: 2, cursor: "here" }), isUnavailable, body);
    await assert
      .rejects(answering(body).far.keys({ prefix: "a" })[Symbol.asyncIterator]().next(), isUnavailable, body)
      .catch((error) => {
        // From the first page on it leads somewhere, and a thousand are asked for.
        if (!/cursor":"here|ab.*ab.*ab/.test(body)) throw error;
      });
  }
  const { far } = answering(page({ cursor: "there", evil: 5, entries: [{ ...entry, evil: 5 }] }));
  assert.deepEqual(await far.list({ prefix: "a", limit: 1 }), {
    entries: [{ key: "ab", expiresAt: Infinity, size: 1 }],
    cursor: "there",
  });
});

test("pages that lead nowhere end", async () => {
  for (const entries of [[], [{ key: "a", ttl: 0.001, size: 1 }]]) {
    for (const run of [(far: Store) => far.list(), (far: Store) => far.keys()[Symbol.asyncIterator]().next()]) {
      let count = 0;
      const { far, sent } = pair({
        between: async () => Response.json({ entries, cursor: `${count++}` }, { headers: { shelflife: "ok" } }),
      });
      await assert.rejects(run(far), (error) => isUnavailable(error) && /empty/.test(String(error)));
      assert.equal(sent.length, 100);
    }
  }
  // As many as may come of entries that expire on the way do no harm.
  let count = 0;
  const { far } = pair({
    between: async () => {
      const more = ++count < 90 ? { entries: [], cursor: `${count}` } : { entries: [{ key: "a", ttl: null }] };
      return Response.json(more, { headers: { shelflife: "ok" } });
    },
  });
  assert.deepEqual((await far.list()).entries, [{ key: "a", expiresAt: Infinity }]);
});

test("a change is one, and a poll brings changes", async () => {
  const strange = ["null", "5", "[]", "{}", '{"type":"set"}', '{"type":"evil","key":"a"}', '{"type":["set"],"key":"a"}', '{"type":"set","key":5}', '{"type":"set","key":""}']; // prettier-ignore
  for (const change of strange) {
    const streaming = answering(`id: 1\n\ndata: ${change}\n\n`, { "shelflife-last": "0" });
    await assert.rejects(streaming.far.watch().next(), isUnavailable, change);
    const polling = pair({
      between: async ({ headers }) =>
        headers.get("accept")?.includes("json")
          ? new Response(`{"changes":[${change}],"last":"5"}`, { headers: { shelflife: "ok" } })
          : new Response("", { status: 502 }),
      remote: { attempts: 1 },
    });
    await assert.rejects(polling.far.watch().next(), isUnavailable, change);
  }
  for (const body of ["null", "{}", '{"changes":{},"last":"5"}', '{"changes":[]}', '{"changes":[],"last":5}']) {
    const { far } = pair({
      between: async ({ headers }) =>
        headers.get("accept")?.includes("json")
          ? new Response(body, { headers: { shelflife: "ok" } })
          : new Response("", { status: 502 }),
      remote: { attempts: 1 },
    });
    await assert.rejects(far.watch().next(), isUnavailable, body);
  }
});

test("an event that never ends is none", async () => {
  let sent = 0;
  const { far } = pair({
    between: async () => {
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          sent += 10_000;
          controller.enqueue(new Uint8Array(10_000).fill(97));
        },
      });
      return new Response(body, { headers: { shelflife: "ok", "shelflife-last": "0" } });
    },
    remote: { attempts: 1 },
  });
  const next = far.watch().next();
  await assert.rejects(next, isUnavailable);
  assert.ok(sent < 1_000_000, `${sent} bytes`);
});

test("the outcome of an answer is a code of ours", async () => {
  for (const outcome of ["evil", "OK", "closed", "__proto__", "ok, ok", "not-found"]) {
    const { far } = pair({
      between: async () => Response.json({ code: outcome, detail: "x" }, { status: 400, headers: { shelflife: outcome } }), // prettier-ignore
      remote: { attempts: 1 },
    });
    for (const run of [() => far.find("a"), () => far.list(), () => far.set("a", bytes("x")), () => far.sweep()]) {
      await assert.rejects(run, isUnavailable, outcome);
    }
  }
  for (const detail of [5, null, ["x"], undefined]) {
    const { far } = pair({
      between: async () => Response.json({ detail }, { status: 409, headers: { shelflife: "conflict" } }),
      remote: { attempts: 1 },
    });
    await assert.rejects(far.list(), isUnavailable);
  }
});
