import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, test } from "vitest";
import { memory } from "../../src/backends/memory.ts";
import { isStoreError } from "../../src/core/error.ts";
import { handler } from "../../src/http/handler.ts";
import { createToken, tokens } from "../../src/service/tokens.ts";

const folder = mkdtempSync(join(tmpdir(), "shelflife-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
/** Writes a token file, as if it had been there for long. */
function write(lines: readonly string[], path = join(folder, `${++files}.jsonl`)): string {
  writeFileSync(path, lines.map((line) => `${line}\n`).join(""), { mode: 0o600 });
  utimesSync(path, 1, 1000 + files);
  return path;
}
const ask = (token?: string, scheme = "Bearer"): Request =>
  new Request("http://x/entry?key=a", token === undefined ? {} : { headers: { authorization: `${scheme} ${token}` } });

/** Tokens of a file with one: whether that opens anything a second later, and what is reported of the file. */
async function oneToken() {
  let time = 0;
  const reports: string[] = [];
  const { token, line } = await createToken({ name: "one" });
  const path = write([line]);
  const { authorize, reload } = await tokens({ path, now: () => time, tell: (message) => reports.push(message) });
  const later = (): boolean => ((time += 1000), authorize(ask(token)) as boolean);
  return { path, token, line, later, reload, reports };
}

test("a token opens what its line says, and any other nothing", async () => {
  const all = await createToken({ name: "all" });
  const part = await createToken({ name: "part", prefix: "p/", can: ["read", "list"] });
  const { authorize, holder } = await tokens({ path: write(["# who may what", "", all.line, part.line]) });
  assert.equal(authorize(ask(all.token)), true);
  assert.deepEqual(authorize(ask(part.token, "bearer ")), { prefix: "p/", can: ["read", "list"] });
  assert.deepEqual([holder(ask(part.token)), holder(ask("other"))], ["part", undefined]);
  const wrong = [undefined, "", "other", `${all.token}x`, all.token.slice(0, -1), all.token.toUpperCase(), part.line];
  for (const token of wrong) assert.equal(authorize(ask(token)), false);
  const { sha256 } = JSON.parse(all.line) as { sha256: string };
  assert.equal(authorize(ask(sha256)), false);
  assert.equal(authorize(ask(all.token, "Basic")), false);
});

test("a token is random, and neither its line nor an error shows it", async () => {
  const made = await Promise.all(Array.from({ length: 20 }, () => createToken({ name: "n" })));
  assert.equal(new Set(made.map(({ token }) => token)).size, 20);
  for (const { token, line } of made) {
    assert.match(token, /^shelf_[\w-]{43}$/);
    assert.ok(!line.includes(token.slice(6)));
  }
  await assert.rejects(
    createToken({ name: "", ttl: -1, can: ["fly" as "read"] }),
    (error: Error) => isStoreError(error, "bad-config") && /"name".*"can".*"ttl"/.test(error.message),
  );
});

test("a token for longer than there are years of four digits has a line that can be read", async () => {
  const { token, line } = await createToken({ name: "long", ttl: Number.MAX_SAFE_INTEGER });
  assert.match(line, /"expires":"9999-12-31T23:59:59.999Z"/);
  assert.equal((await tokens({ path: write([line]) })).authorize(ask(token)), true);
});

test("a token expires to the millisecond", async () => {
  let time = 1_000_000;
  const now = (): number => time;
  const { token, line } = await createToken({ name: "short", ttl: 5000, now });
  const { authorize } = await tokens({ path: write([line]), now });
  time += 4999;
  assert.equal(authorize(ask(token)), true);
  time += 1;
  assert.equal(authorize(ask(token)), false);
});

test("what is struck from the file opens nothing a second later, without a restart", async () => {
  let time = 0;
  const [one, two] = [await createToken({ name: "one" }), await createToken({ name: "two" })];
  const path = write([one.line]);
  const { authorize, close } = await tokens({ path, now: () => time });
  files++;
  write([two.line], path);
  assert.deepEqual([authorize(ask(one.token)), authorize(ask(two.token))], [true, false]);
  time = 1000;
  assert.deepEqual([authorize(ask(one.token)), authorize(ask(two.token))], [false, true]);
  close();
  assert.equal(authorize(ask(two.token)), false);
});

test("a file that is written twice at the same time with the same length is read again", async () => {
  let time = 0;
  const [one, two] = [await createToken({ name: "one" }), await createToken({ name: "two" })];
  const path = write([one.line]);
  // Both have the stamp of a moment ago.
  const stamp = new Date();
  utimesSync(path, stamp, stamp);
  const { authorize } = await tokens({ path, now: () => time });
  writeFileSync(path, `${two.line}\n`);
  utimesSync(path, stamp, stamp);
  time = 1000;
  assert.deepEqual([authorize(ask(one.token)), authorize(ask(two.token))], [false, true]);
});

test("a damaged or lost file is reported once, and the tokens stay", async () => {
  const { path, line, later, reload, reports } = await oneToken();
  files++;
  write([line, '{"name":"two",'], path);
  assert.deepEqual([later(), later(), reports.length], [true, true, 1]);
  assert.match(reports[0]!, /line 2, column 15: expected a name in quotes/);
  await assert.rejects(reload(), (error) => isStoreError(error, "bad-config"));
  renameSync(path, `${path}.old`);
  assert.deepEqual([later(), later(), reports.length], [true, true, 2]);
  write([line], path);
  assert.deepEqual([later(), reports.length], [true, 2]);
});

test("a file that was emptied locks nobody out, and one with a comment alone lets nobody in", async () => {
  const { path, token, line, later, reload, reports } = await oneToken();
  for (const rest of [[], ["", " \t"], ["\ufeff"]]) {
    files++;
    write(rest, path);
    assert.deepEqual([later(), later()], [true, true]);
    await assert.rejects(reload(), (error) => isStoreError(error, "bad-config"));
  }
  assert.deepEqual(reports, [`Cannot read tokens ${JSON.stringify(path)}: expected tokens, or a line that begins with # to let nobody in, got an empty file`]); // prettier-ignore
  files++;
  write(["# nobody for now"], path);
  assert.equal(later(), false);
  files++;
  write([line], path);
  assert.equal(later(), true);
  // One that had none from the start has lost none.
  const fresh = await tokens({ path: write([]) });
  await fresh.reload();
  assert.equal(fresh.authorize(ask(token)), false);
});

test("every problem of a file is reported with its line and column, and nothing of what is there", async () => {
  const hash = "0".repeat(64);
  const good = `{"name":"n","sha256":"${hash}"}`;
  // The problem is where the mark is.
  const cases: [line: string, expected: RegExp][] = [
    ["^secret", /an object of JSON/],
    [`  {"name":"secret","sha256":"${hash}"} ^secret`, /the end of the line/],
    [`{"name":"secret" ^"sha256":"${hash}"}`, /, or }/],
    [`{"name":"secret","sha256":^"secret"}`, /sha256 to be 64 hex digits/],
    [`{"name":"n","sha256":"${hash}","prefix":^7}`, /prefix to be a string/],
    [`{"name":"n","sha256":"${hash}","can":^["read","secret"]}`, /can to be a list of read, write, list, watch/],
    [`{"name":"n","sha256":"${hash}","expires":^"tomorrow"}`, /expires to be a time/],
    [`{"name":"n","sha256":"${hash}","expires":^["2030-01-31T00:00:00Z"]}`, /expires to be a time/],
    [`{"name":"n","sha256":^["${hash}"]}`, /sha256 to be 64 hex digits/],
    [`{"name":^["n"],"sha256":"${hash}"}`, /name to be a non-empty string/],
    [`{"name":"n","sha256":"${hash}","prefix":^["p"]}`, /prefix to be a string/],
    [`{"name":"n","sha256":"${hash}","can":^"read"}`, /can to be a list/],
    [`{"name":"n","sha256":"${hash}",^"secret":1}`, /only name, sha256, prefix, can, expires/],
    [`{"name":"n",^"name":"n","sha256":"${hash}"}`, /each name once/],
    [' ^{"name":"n"}', /sha256 to be/],
    ["^[]", /an object of JSON/],
    ['{"name":^{"a":1}}', /a string, or a list of strings/],
    ['{"name":^"a\tb"}', /a string, or a list of strings/],
    [`{^"__proto__":"secret","name":"n","sha256":"${hash}"}`, /only name/],
  ];
  for (const [marked, expected] of cases) {
    const [line, column] = [marked.replace("^", ""), marked.indexOf("^") + 1];
    await assert.rejects(tokens({ path: write([good.replace("0", "1"), "", line]) }), (error: Error) => {
      assert.ok(isStoreError(error, "bad-config"));
      assert.match(error.message, new RegExp(`line 3, column ${column}: expected ${expected.source}`), line);
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
  }
  await assert.rejects(
    tokens({ path: write([good, good, "x"]) }),
    /line 2, .*another token than that of line 1.*line 3, /,
  );
  await assert.rejects(tokens({ path: join(folder, "none") }), /bad-config|expected a file that can be read/);
});

test("a relative path counts from where the process was at the call", async () => {
  const before = process.cwd();
  const { token, line } = await createToken({ name: "one" });
  const path = write([line]);
  let time = 0;
  process.chdir(folder);
  try {
    const asked = tokens({ path: basename(path), now: () => time });
    process.chdir(before);
    const { authorize } = await asked;
    const reported: string[] = [];
    const other = await tokens({ path, now: () => time, tell: (message) => reported.push(message) });
    time = 1000;
    assert.deepEqual([authorize(ask(token)), other.authorize(ask(token))], [true, true]);
    rmSync(path);
    time = 2000;
    other.authorize(ask(token));
    assert.ok(reported[0]!.includes(JSON.stringify(path)));
  } finally {
    process.chdir(before);
  }
});

test("a file that others can write is reported", async () => {
  const reported: string[] = [];
  const path = write([]);
  const tell = (message: string): unknown => reported.push(message);
  await tokens({ path, tell });
  assert.deepEqual(reported, []);
  chmodSync(path, 0o666);
  await tokens({ path, tell });
  assert.match(reported.join(), /can be written by others: expected .*chmod 600/);
  assert.equal(statSync(path).mode & 0o777, 0o666);
});

test("the right line is found among many", async () => {
  const made = await Promise.all(Array.from({ length: 300 }, (_, at) => createToken({ name: "n", prefix: `${at}/` })));
  const { authorize } = await tokens({ path: write(made.map(({ line }) => line)) });
  for (const [at, { token }] of made.entries()) {
    assert.equal((authorize(ask(token)) as { prefix: string }).prefix, `${at}/`);
  }
});

test("a handler shows a holder only what is below the prefix", async () => {
  const store = memory();
  const { token, line } = await createToken({ name: "n", prefix: "p/", can: ["write"] });
  const answer = handler(store, { authorize: (await tokens({ path: write([line]) })).authorize });
  const headers = { authorization: `Bearer ${token}` };
  const put = await answer(new Request("http://x/entry?key=..%2Fa", { method: "PUT", body: "v", headers }));
  assert.equal(put.status, 204);
  assert.deepEqual(
    (await store.list()).entries.map(({ key }) => key),
    ["p/../a"],
  );
  assert.equal((await answer(new Request("http://x/entry?key=a", { headers }))).status, 403);
  assert.equal((await answer(ask())).status, 401);
});
