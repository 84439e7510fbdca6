import assert from "node:assert/strict";
import { test } from "vitest";
import { memory } from "../../src/backends/memory.ts";
import { handler } from "../../src/http/handler.ts";
import { createMetrics } from "../../src/service/metrics.ts";
import type { Subject } from "../../src/testing/case.ts";
import { cases } from "../../src/testing/cases.ts";
import { casesFor, prove } from "../../src/testing/prove.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test("requests are counted by method, route and status, and timed", async () => {
  let time = 0;
  const metrics = createMetrics({ now: () => (time += 20) });
  const answer = metrics.wrap(handler(memory()));
  const ask = (path: string, init?: RequestInit): Promise<Response> => answer(new Request(`http://x/${path}`, init));
  await ask("entry?key=secret", { method: "PUT", body: "secret", headers: { "content-length": "6" } });
  await ask("entry?key=secret");
  await ask("entry?key=none", { headers: { authorization: "Bearer secret" } });
  await ask("secret");
  await ask("entry", { method: "SECRET" });
  const text = metrics.text();
  const get = 'http_request_method="GET",http_response_status_code="200",http_route="/entry"';
  for (const line of [
    "# TYPE http_server_request_duration_seconds histogram",
    `http_server_request_duration_seconds_bucket{${get},le="0.01"} 0`,
    `http_server_request_duration_seconds_bucket{${get},le="0.025"} 1`,
    `http_server_request_duration_seconds_bucket{${get},le="+Inf"} 1`,
    `http_server_request_duration_seconds_count{${get}} 1`,
    `http_server_request_duration_seconds_sum{${get}} 0.02`,
    'http_server_active_requests{http_request_method="GET"} 0',
    'http_server_request_body_size_bytes_sum{http_request_method="PUT"} 6',
    'http_server_response_body_size_bytes_bucket{http_request_method="PUT",le="0"} 1',
    'shelflife_errors_total{code="not-found"} 1',
    'shelflife_errors_total{code="invalid-argument"} 2',
  ])
    assert.ok(text.split("\n").includes(line), `${line}\n${text}`);
  assert.match(text, /http_request_method="_OTHER"/);
  assert.match(text, /http_request_method="GET",http_response_status_code="404"\}/);
  assert.doesNotMatch(text, /secret/i);
  assert.ok(text.endsWith("\n"));
});

test("every line is of the format that Prometheus reads", async () => {
  const metrics = createMetrics();
  const store = metrics.watchStore(memory());
  await metrics.wrap(handler(store))(new Request("http://x/entry?key=a"));
  await store.find("a");
  const number = String.raw`-?\d+(\.\d+)?(e[+-]?\d+)?`;
  const label = String.raw`[a-z_]+="(?:[^"\\\n]|\\["\\n])*"`;
  const line = new RegExp(`^([a-z_]+(\\{${label}(,${label})*\\})? ${number}|# (HELP|TYPE) [a-z_]+ .+)$`);
  for (const each of metrics.text().trimEnd().split("\n")) assert.match(each, line);
});

test("streams are open until they are left", async () => {
  const metrics = createMetrics();
  const store = memory();
  const answer = metrics.wrap(handler(store));
  const open = (): boolean => metrics.text().includes("\nshelflife_open_streams 1\n");
  const { body } = await answer(new Request("http://x/changes"));
  assert.ok(open());
  await body!.cancel();
  assert.match(metrics.text(), /\nshelflife_open_streams 0\n/);
  await store.close();
});

test("an answer that fails is no longer active", async () => {
  const metrics = createMetrics();
  const failing = metrics.wrap(() => Promise.reject(new Error("no")));
  await assert.rejects(failing(new Request("http://x/")), /no/);
  assert.match(metrics.text(), /active_requests\{http_request_method="GET"\} 0/);
});

test("a store's calls are counted by name and by the code of their error", async () => {
  const metrics = createMetrics();
  const store = metrics.watchStore(memory());
  await store.set("secret", bytes("value"));
  await assert.rejects(store.get("none"));
  await assert.rejects(store.get(""));
  const text = metrics.text();
  assert.match(text, /db_client_operation_duration_seconds_count\{db_operation_name="set"\} 1/);
  for (const code of ["not-found", "invalid-argument"]) {
    assert.ok(text.includes(`_count{db_operation_name="get",error_type="${code}"} 1`), text);
  }
  assert.doesNotMatch(text, /secret/);
});

const subject: Subject = {
  name: "a counted store",
  can: ["atomic", "transact", "list", "sweep", "watch", "bytes"],
  rounds: 50,
  open: (_, options) => createMetrics().watchStore(memory(options)),
};
for (const each of casesFor(cases, subject)) test(`${subject.name}: ${each.name}`, () => prove(each, subject));
