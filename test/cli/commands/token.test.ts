import assert from "node:assert/strict";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, vi } from "vitest";
import { tokens } from "../../../src/service/tokens.ts";
import { command, folder } from "../../support/world.ts";

const ask = (token: string): Request => new Request("http://x/", { headers: { authorization: `Bearer ${token}` } });

test("a token is added to a file for its owner alone, shown once, and lets its bearer in", async () => {
  const time = Date.now();
  vi.spyOn(Date, "now").mockReturnValue(time);
  const args = ["token", "web", "--prefix", "web/", "--can", "read, write", "--ttl", "1h", "--add-to", "new.jsonl"];
  const { code, out, err } = await command(args);
  assert.deepEqual([code, err], [0, ""]);
  assert.match(out, /^shelf_[\w-]{43}\n$/);
  const path = join(folder, "new.jsonl");
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const line = readFileSync(path, "utf8");
  assert.ok(!line.includes(out.trim().slice(6)));
  const { name, prefix, can, expires } = JSON.parse(line);
  assert.deepEqual({ name, prefix, can }, { name: "web", prefix: "web/", can: ["read", "write"] });
  assert.equal(Date.parse(expires), time + 3_600_000);
  const { authorize } = await tokens({ path });
  assert.deepEqual(authorize(ask(out.trim())), { prefix: "web/", can: ["read", "write"] });
});

test("a token is good until a time, if that is given", async () => {
  const { out } = await command(["token", "web", "--at", "2999-01-31T12:00:00+01:00", "--json"]);
  assert.equal(JSON.parse(out).line.expires, "2999-01-31T11:00:00.000Z");
});

test("a token joins those of a file, whose last line may have no end", async () => {
  const path = join(folder, "some.jsonl");
  const [token, line] = (await command(["token", "--name", "one"])).out.trim().split("\n");
  writeFileSync(path, `# mine\n${line}`, { mode: 0o640 });
  const { out } = await command(["token", "two", "--add-to", path, "--json"]);
  const made = JSON.parse(out);
  assert.equal(made.line.name, "two");
  const { holder } = await tokens({ path });
  assert.deepEqual([holder(ask(token!)), holder(ask(made.token))], ["one", "two"]);
  // Whoever may read it is its owner's business.
  assert.equal(statSync(path).mode & 0o777, 0o640);
});

test("nothing is added to a file of another kind, or without a token's name", async () => {
  const path = join(folder, "diary");
  writeFileSync(path, "Dear diary\n");
  const { code, out, err } = await command(["token", "web", "--add-to", path]);
  assert.deepEqual([code, out], [2, ""]);
  assert.match(err, /^Cannot read tokens ".*": line 1, column 1: expected an object of JSON\n$/);
  assert.equal(readFileSync(path, "utf8"), "Dear diary\n");
  assert.equal((await command(["token", "a", "--name", "b"])).code, 2);
  assert.equal((await command(["token", "a", "--ttl", "soon"])).code, 2);
  const none = await command(["token", "a", "--add-to", join(folder, "none", "t.jsonl")]);
  assert.deepEqual([none.code, none.out], [3, ""]);
  assert.match(none.err, /^Cannot add the token to ".*t\.jsonl": no such file or directory\n$/);
});
