import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, vi } from "vitest";
import { memory } from "../../../src/backends/memory.ts";
import { handler } from "../../../src/http/handler.ts";
import { listen } from "../../../src/service/listen.ts";
import { createToken, tokens } from "../../../src/service/tokens.ts";
import { command, folder, ownStore } from "../../support/world.ts";

const every = new Uint8Array(256).map((_, at) => at);

test("a value comes back byte for byte, and nothing else does", async () => {
  const store = ownStore();
  writeFileSync(join(folder, "value"), every);
  assert.deepEqual(await command(["set", "file", "--file", "value", ...store]), { code: 0, out: "", bytes: Buffer.alloc(0), err: "" }); // prettier-ignore
  await command(["set", "in", ...store], { stdin: [every.subarray(0, 100), every.subarray(100)] });
  await command(["set", "word", "hello", ...store]);
  await command(["set", "dashes", ...store, "--", "--json"]);
  await command(["set", "empty", "", ...store]);
  for (const [key, value] of Object.entries({ file: every, in: every, word: "hello", dashes: "--json", empty: "" })) {
    const { code, bytes, err } = await command(["get", key, ...store]);
    assert.deepEqual([code, err], [0, ""]);
    assert.ok(bytes.equals(Buffer.from(value as string)), key);
  }
});

test("with --json a value is text where it is UTF-8, and has its deadline", async () => {
  const store = ownStore();
  const time = Date.now();
  vi.spyOn(Date, "now").mockReturnValue(time);
  await command(["set", "a", "\ufeffé\0", "--ttl", "5m", ...store]);
  await command(["set", "b", ...store], { stdin: [Uint8Array.of(255, 0)] });
  const { expiresAt, ...rest } = JSON.parse((await command(["get", "a", "--json", ...store])).out);
  assert.deepEqual(rest, { key: "a", text: "\ufeffé\0" });
  assert.equal(expiresAt, time + 300_000);
  assert.deepEqual(JSON.parse((await command(["get", "b", "--json", ...store])).out), { key: "b", base64: "/wA=" });
});

test("set, delete, take, increment and touch do what the store does", async () => {
  const store = ownStore();
  const out = async (...args: string[]): Promise<[number, string]> => {
    const { code, out } = await command([...args, ...store]);
    return [code, out];
  };
  assert.deepEqual(await out("set", "a", "1", "--if-absent", "--json"), [0, '{"key":"a","bytes":1}\n']);
  assert.deepEqual(await out("set", "a", "2", "--if-absent"), [1, ""]);
  assert.deepEqual(await out("increment", "a", "--by", "-4"), [0, "-3\n"]);
  assert.deepEqual(await out("increment", "a", "--json"), [0, '{"key":"a","value":-2}\n']);
  assert.deepEqual(await out("touch", "a", "--ttl", "1h", "--json"), [0, '{"key":"a","touched":true}\n']);
  assert.ok(JSON.parse((await out("get", "a", "--json"))[1]).expiresAt > Date.now() + 3_000_000);
  assert.deepEqual(await out("touch", "a", "--ttl", "never"), [0, ""]);
  assert.equal(JSON.parse((await out("get", "a", "--json"))[1]).expiresAt, undefined);
  assert.deepEqual(await out("touch", "none", "--ttl", "1h"), [1, ""]);
  assert.deepEqual(await out("take", "a"), [0, "-2"]);
  assert.deepEqual(await out("take", "a"), [1, ""]);
  await out("set", "b", "x", "--ttl", "1");
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual(await out("get", "b"), [1, ""]);
  await out("set", "c", "x");
  assert.deepEqual(await out("delete", "c", "--json"), [0, '{"key":"c","deleted":true}\n']);
  assert.deepEqual(await out("delete", "c"), [1, ""]);
  assert.deepEqual(await out("set", "n", "text"), [0, ""]);
  assert.deepEqual(await out("increment", "n"), [3, ""]);
});

test("a deadline is given by the time itself, and one that is past leaves no value", async () => {
  const store = ownStore();
  const time = Date.UTC(2029, 11, 31);
  vi.spyOn(Date, "now").mockReturnValue(time);
  const deadlineOf = async (key: string): Promise<number> =>
    JSON.parse((await command(["get", key, "--json", ...store])).out).expiresAt;
  await command(["set", "a", "v", "--at", "2030-01-31T12:00:00+01:00", ...store]);
  assert.equal(await deadlineOf("a"), Date.UTC(2030, 0, 31, 11));
  await command(["set", "b", "v", "--if-absent", `--at=${time + 1}`, ...store]);
  assert.equal(await deadlineOf("b"), time + 1);
  await command(["increment", "n", "--at", "2030-01-01T00:00Z", ...store]);
  await command(["increment", "n", "--at", "2031-01-01T00:00Z", ...store]);
  assert.equal(await deadlineOf("n"), Date.UTC(2030, 0, 1));
  assert.equal((await command(["touch", "a", "--at", "2031-01-01T00:00Z", ...store])).code, 0);
  assert.equal(await deadlineOf("a"), Date.UTC(2031, 0, 1));
  for (const past of ["0000-01-01T00:00Z", "0", String(time)]) {
    await command(["set", "a", "v", ...store]);
    assert.deepEqual(await command(["set", "a", "w", "--at", past, ...store]), { code: 0, out: "", bytes: Buffer.alloc(0), err: "" }); // prettier-ignore
    assert.equal((await command(["get", "a", ...store])).code, 1, past);
  }
});

test("a file that cannot be read is reported, and nothing is written", async () => {
  const store = ownStore();
  const { code, err } = await command(["set", "a", "--file", "none", ...store]);
  assert.equal(code, 3);
  assert.match(err, /^Cannot read the value from "none": no such file or directory\n$/);
  assert.equal((await command(["get", "a", ...store])).code, 1);
});

test("a store that is served is used by its URL, with the token of the option or the environment", async () => {
  const { token, line } = await createToken({ name: "n", prefix: "p/" });
  writeFileSync(join(folder, "tokens.jsonl"), `${line}\n`, { mode: 0o600 });
  const served = memory();
  const { authorize } = await tokens({ path: join(folder, "tokens.jsonl") });
  const server = await listen({ answer: handler(served, { authorize }) });
  try {
    assert.equal((await command(["set", "a", "v", "--url", server.url, "--token", token])).code, 0);
    const env = { SHELFLIFE_TOKEN: token };
    assert.equal((await command(["get", "a", "--url", server.url], { env })).out, "v");
    assert.equal(new TextDecoder().decode(await served.get("p/a")), "v");
    const denied = await command(["get", "a", "--url", server.url, "--token", "other"]);
    assert.deepEqual([denied.code, denied.out], [3, ""]);
    assert.match(denied.err, /not authorized/);
  } finally {
    await server.close();
    await served.close();
  }
});

test("a gateway that refuses everyone is reported as that, with where the token comes from", async () => {
  const gateway = await listen({ answer: async () => new Response("<h1>Sign in</h1>", { status: 401 }) });
  try {
    const { code, err } = await command(["get", "a", "--url", gateway.url]);
    assert.equal(code, 3);
    assert.match(err, /got status 401, without a token: expected one in the variable SHELFLIFE_TOKEN or in --token\n$/);
  } finally {
    await gateway.close();
  }
});

test("a configuration may name views of a store: encrypted with a key of the environment, in a file of its folder", async () => {
  const encrypted =
    "{ backend: encrypted, parameters: { keys: { a: { env: KEY } }, of: { backend: sqlite, parameters: { path: sealed.db } } } }";
  writeFileSync(
    join(folder, "sealed.yaml"),
    `store: { backend: prefix, parameters: { prefix: app/, of: ${encrypted} } }\n`,
  );
  const env = { KEY: Buffer.alloc(32, 5).toString("base64") };
  const from = ["--config", "sealed.yaml"];
  assert.equal((await command(["set", "pin", "1234", ...from], { env })).err, "");
  assert.equal((await command(["get", "pin", ...from], { env })).out, "1234");
  const file = ["--store", JSON.stringify({ backend: "sqlite", parameters: { path: "sealed.db" } })];
  const stored = (await command(["get", "app/pin", ...file])).bytes;
  assert.deepEqual([stored.length, stored.includes("1234")], [35, false]);
  const without = await command(["get", "pin", ...from]);
  assert.equal(without.code, 2);
  assert.match(without.err, /environment variable KEY to be set/);
});
