import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "vitest";
import { memory } from "../../src/backends/memory.ts";
import type { Store } from "../../src/core/contract.ts";
import { handler, type HandlerOptions } from "../../src/http/handler.ts";
import type { OpenapiOperation } from "../../src/http/openapi.ts";
import { bytes, mount } from "../support/pair.ts";
import { conforms, document, isLike, lastOf, operationOf, responseOf } from "../support/conforms.ts";
import { failing, hanging, never, stuck } from "../support/uselessStores.ts";
import { until } from "../support/until.ts";

/** A request, and what its handler is like. */
interface Drive {
  readonly path?: string;
  readonly init?: RequestInit;
  readonly headers?: Record<string, string>;
  readonly store?: Store;
  readonly options?: HandlerOptions;
}

const origin = "https://page.test";
const named = { "idempotency-key": "x" };
const hashOfX = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";

// One good request of each kind, and what else it takes to be answered in every way that is its own.
const kinds: readonly (readonly [method: string, path: string, body: string | undefined, more: readonly Drive[]])[] = [
  ["GET", "entry?key=a", undefined, [{ headers: { "if-none-match": "*" } }, { path: "entry?key=typed" }, { headers: { "if-match": '"x"' } }, { path: "entry?key=none" }]],
  ["HEAD", "entry?key=a", undefined, [{ headers: { "if-none-match": "*" } }, { path: "entry?key=typed" }, { headers: { "if-match": '"x"' } }, { path: "entry?key=none" }]],
  ["PUT", "entry?key=a", "value", [{ headers: { "if-match": '"x"' } }, { headers: { "shelflife-ttl": "keep" } }, { headers: { "content-type": "text/css" } }]],
  ["DELETE", "entry?key=a", undefined, [{ headers: { "if-match": '"x"' } }, { path: "entry?key=none" }]],
  ["GET", "entries?prefix=&limit=2", undefined, [{ path: "entries" }, { path: "entries?tags=1" }]],
  ["DELETE", "entries?prefix=", undefined, []],
  ["POST", "take?key=a", undefined, [{ path: "take?key=none" }]],
  ["POST", "increment?key=n", undefined, [{ path: "increment?key=n&by=2", headers: { "shelflife-ttl": "5" } }]],
  ["POST", "touch?key=a", undefined, [{ path: "touch?key=none" }]],
  ["POST", "batch", '{"find":["a","none","soon"]}\n', [
    { init: { body: '{"set":[["a",1,null],["b",0,5]]}\nx' } },
    { init: { body: '{"delete":["a"]}\n' } },
    { init: { body: '{"findTagged":["a","none","soon"]}\n' } },
    { init: { body: `{"getUnless":[["a",null],["none",null],["soon","x"],["typed","${hashOfX}"]]}\n` } },
    { options: { maxBytes: 80 }, init: { body: '{"getUnless":[["large",null],["a","x"],["typed",null]]}\n' } },
    { init: { body: '{"calls":[["get","a"],["get","none"],["has","a"],["set","c",1,5],["increment","n",1,null],["increment","a",1,null],["touch","a",null],["take","soon"],["delete","none"],["getTagged","a"],["swap","d",1,null,5],["swap","a",null,"x","keep"]]}\nxy' } },
    { headers: { "shelflife-replica": "none 1 x" }, init: { body: '{"push":[["write","a",null,null,null],["add","n",1,5],["touch","a",null]]}\n' } },
    { options: { maxBytes: 80 }, init: { body: '{"calls":[["get","large"],["get","large"]]}\n' } },
    { options: { maxBytes: 5 }, init: { body: `{"set":[["a",6,null]]}\n123456` }, headers: named },
  ]],
  ["POST", "replica", undefined, []],
  ["GET", "changes?prefix=a", undefined, [{ headers: { accept: "application/json" } }, { headers: { accept: "application/json", "last-event-id": "x" } }, { path: "changes?after=x" }, { options: { maxStreams: 1 }, path: "changes#full" }]],
  ["POST", "sweep", undefined, []],
]; // prettier-ignore

/** What makes any request be refused. */
function refusals(method: string, path: string): Drive[] {
  const codes = ["unauthorized", "not-found", "conflict", "cant-decode", "cant-encode", "bad-config", "other", "unsupported", "closed", "unavailable", "quota-exceeded"] as const; // prettier-ignore
  const drives: Drive[] = [
    { path: `${path}${path.includes("?") ? "&" : "?"}zz=1` },
    { options: { authorize: () => false } },
    { options: { authorize: () => ({ can: [] }) } },
    // A stream lasts as long as it is read.
    ...(path.startsWith("changes") ? [] : [{ headers: { "shelflife-timeout": "1" }, store: hanging }]),
    ...codes.map((code): Drive => ({ store: failing(code) })),
  ];
  if (method === "GET" || method === "HEAD") return drives;
  const long: RequestInit = { body: bytes("x".repeat(200)) };
  return [
    ...drives,
    { options: { maxBytes: 100 }, init: long, headers: named },
    { headers: { ...named, "content-encoding": "gzip" }, init: long },
  ];
}

/** Everything that the handler was seen to do, by the operations. */
interface Seen {
  readonly statuses: Map<number, Set<string>>;
  readonly read: Set<string>;
  readonly types: Set<string>;
}
const seen = new Map<OpenapiOperation, Seen>();
// What is no header of a parameter: what HTTP has anyway, and what says where a request comes from.
const general = ["accept", "access-control-request-headers", "content-encoding", "content-length", "content-range", "content-type", "origin", "sec-fetch-dest", "sec-fetch-site"]; // prettier-ignore

/** Makes a request, checks its answer against the document, and notes what was done. */
async function make(serve: (request: Request) => Promise<Response>, request: Request): Promise<Response> {
  const operation = operationOf(request.method, request.url)!;
  const notes = seen.get(operation) ?? { statuses: new Map(), read: new Set(), types: new Set() };
  seen.set(operation, notes);
  const { headers } = request;
  const [, asked = ""] = /^\{"(\w+)/.exec(await request.clone().text()) ?? [];
  Object.defineProperty(request, "headers", {
    value: { get: (name: string) => (notes.read.add(name), headers.get(name)) },
  });
  const response = await serve(request);
  conforms(request, response);
  const names = notes.statuses.get(response.status) ?? new Set();
  notes.statuses.set(response.status, names);
  for (const name of response.headers.keys()) names.add(name);
  const type = response.headers.get("content-type") ?? "";
  if (request.method !== "HEAD") notes.types.add(`${response.status} ${type}`);
  if (type.includes("json") && request.method !== "HEAD") {
    const schema = responseOf(operation, response.status)!.content![type]!.schema!;
    const body: unknown = await response.json();
    assert.ok(isLike(body, schema), `${request.method} ${request.url}: ${JSON.stringify(body)}`);
  } else if (type === "application/vnd.shelflife.frame") {
    const [line] = (await response.text()).split("\n");
    const head: unknown = JSON.parse(line!);
    const name = asked === "calls" ? "Results" : asked === "push" ? "Outcomes" : "Found";
    assert.ok(isLike(head, document.components.schemas[name]!), line);
  } else await response.body?.cancel();
  return response;
}

async function filled(): Promise<Store> {
  const store = memory();
  await store.setMany([
    ["a", bytes("value"), { ttl: 60_000 }],
    ["soon", bytes("x"), { ttl: 60_000 }],
    ["typed", bytes("x")],
    ["large", bytes("x".repeat(70))],
  ]);
  return store;
}

async function drive(method: string, path: string, body: string | undefined, each: Drive): Promise<void> {
  for (const cors of [[origin], undefined]) {
    const options: HandlerOptions = { cors, ...each.options };
    const serve = handler(each.store ?? (await filled()), options);
    const ask = (to: string, init: RequestInit): Promise<Response> => serve(new Request(`${mount}/${to}`, init));
    if (!each.store)
      await ask("entry?key=typed", { method: "PUT", body: bytes("x"), headers: { "content-type": "text/css" } });
    const isFull = each.path?.includes("#full");
    const first = isFull ? await ask("changes", {}) : undefined;
    const headers = { ...(cors && { origin }), ...each.headers };
    const init = { method, ...(body !== undefined && { body: bytes(body) }), ...each.init, headers };
    await make(serve, new Request(`${mount}/${each.path ?? path}`, init));
    await first?.body!.cancel();
  }
}

test(
  "a handler answers what the document says, and the document says all that it answers",
  { timeout: 120_000 },
  async () => {
    for (const [method, path, body, more] of kinds) {
      for (const each of [{}, ...more, ...refusals(method, path)]) {
        // All that it needs a store for is to note the name.
        const options = path === "replica" && each.store ? { ...each.options, requests: each.store } : each.options;
        await drive(method, path, body, { ...each, options });
      }
      if (method === "GET" || method === "HEAD") continue;
      // A repeated request that another handler has begun is not answered with what became of it.
      const noted = memory();
      // What has nothing to do with the store waits for what it notes itself.
      const requests = path === "replica" ? { ...noted, set: never } : noted;
      const begin = (store: Store, cors?: readonly string[]): Promise<Response> =>
        make(
          handler(store, { requests, cors }),
          new Request(`${mount}/${path}`, {
            method,
            ...(body !== undefined && { body: bytes(body) }),
            headers: { ...named, ...(cors && { origin }) },
          }),
        );
      void begin(stuck);
      await until(async () => (await requests.list()).entries.length);
      assert.equal((await begin(stuck, [origin])).status, 409);
    }
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const cors of [undefined, [origin]]) {
        const headers = { origin, "access-control-request-method": "PUT", "access-control-request-headers": "x" };
        const serve = handler(memory(), { cors });
        const response = await make(serve, new Request(`${mount}${path}`, { method: "OPTIONS", headers }));
        const known = Object.keys(methods).map((method) => method.toUpperCase());
        assert.deepEqual(response.headers.get("allow")!.split(", ").sort(), known.sort());
      }
      for (const method of ["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH"].filter(
        (each) => !(each.toLowerCase() in methods),
      )) {
        const response = await handler(memory())(new Request(`${mount}${path}`, { method }));
        assert.equal(response.status, 405, `${method} ${path}`);
      }
    }

    const shared = new Map<string, { headers: object; names: Set<string> }>();
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        const what = `${method} ${path}`;
        const { statuses, read, types } = seen.get(operation)!;
        assert.deepEqual([...statuses.keys()].map(String).sort(), Object.keys(operation.responses).sort(), what);
        for (const [status, names] of statuses) {
          const { headers, content = {} } = responseOf(operation, status)!;
          const { $ref = `${what} ${status}` } = operation.responses[status] as { $ref?: string };
          // What several share one of them has.
          const noted = shared.get($ref) ?? { headers, names: new Set() };
          shared.set($ref, noted);
          for (const name of names) if (name !== "content-type") noted.names.add(name);
          for (const type of method === "head" ? [] : Object.keys(content)) {
            const isSeen = type === "*/*" ? types.has("200 text/css") : types.has(`${status} ${type}`);
            assert.ok(isSeen, `${what} was never ${status} ${type}`);
          }
        }
        const headers = operation.parameters.filter((each) => each.in === "header").map(({ name }) => name);
        assert.deepEqual([...read].filter((name) => !general.includes(name)).sort(), headers.sort(), what);
      }
    }
    for (const [what, { headers, names }] of shared)
      assert.deepEqual([...names].sort(), Object.keys(headers).sort(), what);
  },
);

test("a handler takes the parameters that the document has, asks for those that have to be there, and for the rights", async () => {
  for (const [method, path, body] of kinds) {
    const operation = operationOf(method, `${mount}/${path}`)!;
    const query = operation.parameters.filter((each) => each.in === "query");
    const ask = (to: string, options: HandlerOptions = {}): Promise<Response> =>
      handler(
        memory(),
        options,
      )(new Request(`${mount}/${to}`, { method, ...(body !== undefined && { body: bytes(body) }) }));
    const [resource] = path.split("?");
    if (method !== "HEAD") {
      const { detail } = (await (await ask(`${resource}?zz=1`)).json()) as { detail: string };
      const names = query.map(({ name }) => name).join(", ");
      assert.ok(detail.includes(`expected ${names ? `only ${names}` : "none"},`), `${method} ${path}: ${detail}`);
    }
    const needed = query.filter(({ required }) => required).map(({ name }) => name);
    const sent = path.split(/[?&]/).slice(1);
    for (const name of needed) {
      const without = sent.filter((pair) => !pair.startsWith(`${name}=`)).join("&");
      assert.equal((await ask(`${resource}?${without}`)).status, 400, `${method} ${path} without ${name}`);
    }
    const just = sent.filter((pair) => needed.includes(pair.split("=")[0]!)).join("&");
    assert.notEqual((await ask(`${resource}?${just}`)).status, 400, `${method} ${path} with no more than it needs`);
    const rights = operation.security.flatMap((each) => each.bearer ?? []) as ("read" | "write" | "list" | "watch")[];
    const all = ["read", "write", "list", "watch"] as const;
    for (const right of all) {
      const { status, body: stream } = await ask(path, {
        authorize: () => ({ can: all.filter((each) => each !== right) }),
      });
      await stream?.cancel();
      // What a batch needs is what its parts need.
      if (resource !== "batch") assert.equal(status === 403, rights.includes(right), `${method} ${path} ${right}`);
    }
  }
});

test("batches and events are as the document says", async () => {
  const { schemas } = document.components;
  for (const [, path, body, more] of kinds.filter(([, each]) => each === "batch")) {
    for (const sent of [body, ...more.map(({ init }) => init?.body as string)]) {
      assert.ok(isLike(JSON.parse(sent!.split("\n")[0]!), schemas.Batch!), `${path} ${sent}`);
    }
  }
  for (const bad of [{}, { find: "a" }, { find: [""] }, { set: [["a", 1]] }, { set: [["a", -1, null]] }, { set: [["a", 1, 0]] }, { getUnless: ["a"] }, { getUnless: [["a"]] }, { getUnless: [["a", 5]] }, { getUnless: [["", null]] }, { calls: [["get"]] }, { calls: [["drop", "a"]] }, { find: [], delete: [] }]) {
    assert.equal(isLike(bad, schemas.Batch!), false, JSON.stringify(bad));
    const refused = await handler(memory())(
      new Request(`${mount}/batch`, { method: "POST", body: `${JSON.stringify(bad)}\n` }),
    );
    assert.equal(refused.status, 400, JSON.stringify(bad));
  } // prettier-ignore
  const store = memory();
  const response = await handler(store)(new Request(`${mount}/changes`));
  await store.set("a", bytes("x"));
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("data:")) text += (await reader.read()).value;
  await reader.cancel();
  assert.ok(isLike(JSON.parse(/data: (.*)/.exec(text)![1]!), schemas.Change!));
});

test("the document is a whole one of OpenAPI 3.1", () => {
  assert.match(document.openapi, /^3\.1\.\d$/);
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  assert.equal(document.info.version, version);
  const text = JSON.stringify(document);
  const references = new Set([...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference]) => reference!));
  for (const reference of references) {
    const [, root, kind] = reference.split("/");
    assert.equal(root, "components");
    const parts = document.components[kind as "schemas"];
    assert.ok(Object.hasOwn(parts, lastOf(reference)), reference);
  }
  for (const [kind, parts] of Object.entries(document.components)) {
    if (kind === "securitySchemes") continue;
    for (const name of Object.keys(parts)) {
      const isRoot = ["Batch", "Found", "Results", "Outcomes", "Change"].includes(name);
      assert.ok(isRoot || references.has(`#/components/${kind}/${name}`), `${kind} ${name} is used`);
    }
  }
  const ids = Object.values(document.paths).flatMap((methods) =>
    Object.values(methods).map((each) => each.operationId),
  );
  assert.equal(new Set(ids).size, ids.length);
  for (const methods of Object.values(document.paths)) {
    for (const { parameters } of Object.values(methods)) {
      assert.equal(new Set(parameters.map((each) => `${each.in} ${each.name}`)).size, parameters.length);
      for (const each of parameters) assert.ok(!["accept", "authorization", "content-type"].includes(each.name));
    }
  }
});
