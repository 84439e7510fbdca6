// Runs the command as its users do: as a process, on every runtime.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { test } from "vitest";
import { sqlite } from "../../src/backends/sqlite.ts";
import { utf8 } from "../support/bytes.ts";
import { commandsOn } from "../support/commandsOn.ts";
import { runtimes } from "../../scripts/runtimes.mjs";

const limit = { timeout: 240_000 };

/** Resolves when a write is under way. */
async function arrived(url: string): Promise<void> {
  for (let text = ""; !/active_requests\{http_request_method="PUT"\} 1$/m.test(text);) {
    text = await (await fetch(new URL("metrics", url))).text();
  }
}

const file = (path: string): string[] => ["--store", JSON.stringify({ backend: "sqlite", parameters: { path } })];

for (const name of Object.keys(runtimes) as (keyof typeof runtimes)[]) {
  const { folder, run, serve, start } = commandsOn(name);

  test(`values, exit codes and messages: ${name}`, limit, async () => {
    const store = file("values.db");
    const value = new Uint8Array(100_000).map((_, at) => at * 7);
    assert.deepEqual(await run(["set", "a", "--ttl", "1h", ...store], value), {
      code: 0,
      out: Buffer.alloc(0),
      err: "",
    });
    const found = await run(["get", "a", ...store]);
    assert.deepEqual([found.code, found.err], [0, ""]);
    assert.ok(found.out.equals(value));
    const miss = await run(["get", "none", ...store]);
    assert.deepEqual([miss.code, miss.err], [1, 'No value for key "none": expected a live one\n']);
    const usage = await run(["gte"]);
    assert.equal(usage.code, 2);
    assert.match(usage.err, /\(did you mean "get"\?\)\n$/);
    const nobody = ["--store", '{"backend":"http","parameters":{"url":"http://127.0.0.1:1/","attempts":1}}'];
    assert.equal((await run(["get", "a", ...nobody])).code, 3);
    assert.match((await run(["--version"])).out.toString(), /^\d+\.\d+\.\d+\n$/);
    // Nobody ends what comes in.
    const { ended } = start(["get", "a", "--json", ...store]);
    assert.deepEqual(Object.keys(JSON.parse((await ended).out.toString())), ["key", "base64", "expiresAt"]);
  });

  test(`a signal ends it when the write under way is done and the stream is closed: ${name}`, limit, async () => {
    const { url, child, ended } = await serve([]);
    const events = await fetch(new URL("changes", url));
    const status = new Promise<number | undefined>((resolve, reject) => {
      const writing = request(new URL("entry?key=slow", url), { method: "PUT", headers: { "content-length": 10 } });
      writing.on("error", reject).on("response", (response) => resolve(response.resume().statusCode));
      writing.write("first");
      // The other half comes when its end is announced.
      void events.text().then(() => writing.end("later"));
    });
    await arrived(url);
    child.kill("SIGTERM");
    assert.equal(await status, 204);
    const { code, out, err } = await ended;
    assert.deepEqual([code, err], [0, ""]);
    const said = out.toString().trim().split("\n").map((line) => JSON.parse(line).event).filter(Boolean); // prettier-ignore
    assert.deepEqual(said, ["serving", "closing", "closed"]);
    // Without a word the values are in a file of this folder.
    assert.equal((await run(["get", "slow"])).out.toString(), "firstlater");
    await assert.rejects(fetch(url), TypeError);
  });

  test(`a second signal ends it at once: ${name}`, limit, async () => {
    const { url, child, ended, printed } = await serve(["--store", '{"backend":"memory"}']);
    const writing = request(new URL("entry?key=slow", url), { method: "PUT", headers: { "content-length": 10 } });
    writing.on("error", () => {}).write("first");
    await arrived(url);
    child.kill("SIGINT");
    await printed(/"closing"/);
    child.kill("SIGINT");
    const { code, out } = await ended;
    assert.equal(code, 130);
    // It has not waited for the write, whose other half never comes.
    assert.ok(!out.includes('"closed"'));
    writing.destroy();
  });

  test(`every problem of a configuration is reported with its place, and nothing starts: ${name}`, limit, async () => {
    writeFileSync(
      join(folder, "bad.yaml"),
      `stor: x
store:
  backend: sqlte
listen: { host: 0.0.0.0, port: "\${NO_SUCH_VARIABLE}" }
limits:
  maxBytes: lots
`,
    );
    for (const flags of [["--check"], []]) {
      const { code, out, err } = await run(["serve", "--config", "bad.yaml", ...flags]);
      assert.deepEqual([code, out.length], [2, 0]);
      assert.deepEqual(
        err.trim().split("\n").map((line) => line.replace(/: .*/, "")),
        ["bad.yaml:1:1", "bad.yaml:3:12", "bad.yaml:4:17", "bad.yaml:4:32", "bad.yaml:6:13"],
      ); // prettier-ignore
    }
    const open = await run(["serve", "--host", "0.0.0.0"]);
    assert.equal(open.code, 2);
    assert.match(open.err, /"access: public" for everyone/);
  });

  test(`a token is made, lets in until it expires, and no other does: ${name}`, limit, async () => {
    const make = async (...args: string[]): Promise<string> => {
      const { code, out } = await run(["token", "--add-to", "tokens.jsonl", ...args]);
      assert.equal(code, 0);
      return out.toString().trim();
    };
    const [lasting, short] = [await make("lasting", "--prefix", "p/"), await make("short", "--ttl", "1ms")];
    assert.equal(statSync(join(folder, "tokens.jsonl")).mode & 0o777, 0o600);
    const { url, child, ended } = await serve(["--host", "0.0.0.0", "--tokens", "tokens.jsonl", ...file("tokens.db")]);
    const ask = (token: string): Promise<{ code: number | string; err: string }> =>
      run(["set", "a", "v", "--url", url], "", { SHELFLIFE_TOKEN: token });
    assert.equal((await ask(lasting)).code, 0);
    for (const token of [short, "other", ""]) {
      const { code, err } = await ask(token);
      assert.equal(code, 3);
      assert.match(err, /not authorized/);
    }
    child.kill("SIGTERM");
    assert.equal((await ended).code, 0);
    assert.equal((await run(["list", ...file("tokens.db")])).out.toString(), "p/a\n");
  });

  test(`an export moves through a pipe to a served store of another kind, and back: ${name}`, limit, async () => {
    const path = join(folder, "from.db");
    const since = Date.now();
    const from = sqlite({ path });
    await from.setMany(Array.from({ length: 500 }, (_, at) => [`key ${at}`, utf8(`${at}`), { ttl: 3_600_000 }]));
    await from.set(
      "\u0000/é",
      new Uint8Array(70_000).map((_, at) => at * 31),
    );
    const { url, child, ended } = await serve(["--store", '{"backend":"memory"}']);
    const move = async (source: readonly string[], target: readonly string[]): Promise<void> => {
      const [reading, writing] = [start(["export", ...source]), start(["import", "--json", ...target])];
      reading.child.stdout.pipe(writing.child.stdin);
      const [{ code, err }, result] = await Promise.all([reading.ended, writing.ended]);
      assert.deepEqual([code, err, result.code, result.err], [0, "", 0, ""]);
      assert.equal(JSON.parse(result.out.toString()).copied, 501);
    };
    await move(file(path), ["--url", url]);
    await move(["--url", url], file("back.db"));
    child.kill("SIGTERM");
    await ended;
    const back = sqlite({ path: join(folder, "back.db") });
    for await (const key of from.keys()) {
      const [one, other] = [(await from.entry(key))!, (await back.entry(key))!];
      assert.ok(Buffer.from(one.value).equals(other.value), key);
      // A deadline travels as a duration: it is off by what the answers took at most, which is less than all this took.
      const taken = Date.now() - since;
      assert.ok(one.expiresAt === other.expiresAt || Math.abs(one.expiresAt - other.expiresAt) <= taken, key);
    }
    await Promise.all([from.close(), back.close()]);
  });

  test(`an export and an import that were killed half way go on: ${name}`, limit, async () => {
    const path = join(folder, "killed.db");
    const from = sqlite({ path });
    await from.setMany(Array.from({ length: 30_000 }, (_, at) => [`key ${at}`, utf8(`${at} `.repeat(50))]));
    await from.close();
    const output = join(folder, "killed.jsonl");
    const size = (): number => {
      try {
        return statSync(output).size;
      } catch {
        return 0;
      }
    };
    const exporting = start(["export", "--output", output, ...file(path)]);
    while (size() < 200_000) await new Promise((resolve) => setTimeout(resolve, 1));
    exporting.child.kill("SIGKILL");
    assert.equal((await exporting.ended).code, "SIGKILL");
    assert.ok(!readFileSync(output, "utf8").includes('{"end":true'), "it was killed half way");
    assert.equal((await run(["export", "--output", output, ...file(path)])).code, 2);
    assert.deepEqual(await run(["export", "--output", output, "--resume", ...file(path)]), { code: 0, out: Buffer.alloc(0), err: "" }); // prettier-ignore
    assert.ok(readFileSync(output).equals((await run(["export", ...file(path)])).out));

    const importing = start(["import", output, ...file("to.db")]);
    const to = sqlite({ path: join(folder, "to.db") });
    while (!(await to.has("key 1"))) await new Promise((resolve) => setTimeout(resolve, 1));
    importing.child.kill("SIGKILL");
    assert.equal((await importing.ended).code, "SIGKILL");
    const { code, out } = await run(["import", output, "--resume", "--json", ...file("to.db")]);
    const { copied, present } = JSON.parse(out.toString());
    assert.equal(code, 0);
    assert.ok(copied > 0 && present > 0 && copied + present === 30_000, out.toString());
    assert.equal(Buffer.from(await to.get("key 29999")).toString(), "29999 ".repeat(50));
    await to.close();

    // Whoever has read enough leaves, and nobody hears of it.
    const { child, ended } = start(["list", ...file(path)]);
    child.stdout.once("data", () => child.stdout.destroy());
    const left = await ended;
    assert.deepEqual([left.code, left.err], [141, ""]);
  });

  test(`a backend comes by its module's name: ${name}`, limit, async () => {
    const packages = join(folder, "node_modules/own-backend");
    mkdirSync(packages, { recursive: true });
    writeFileSync(join(packages, "package.json"), '{"type":"module","exports":"./main.js"}');
    writeFileSync(
      join(packages, "main.js"),
      `export const name = "own";
       export const factory = {
         valid: (given) => given,
         build: ({ text }) => ({ entry: async () => ({ value: new TextEncoder().encode(text), expiresAt: Infinity }), close: async () => {} }),
       };`,
    );
    writeFileSync(
      join(folder, "own.yaml"),
      "backends: [own-backend]\nstore: { backend: own, parameters: { text: hi } }\n",
    );
    const { code, out, err } = await run(["get", "a", "--config", join(folder, "own.yaml")]);
    assert.deepEqual([code, out.toString(), err], [0, "hi", ""]);
  });

  test(`a backend that never answers is reported in words, at whichever step: ${name}`, limit, async () => {
    const never = "new Promise(() => {})";
    const module = (members: string, top = ""): string =>
      `export const name = "hung";
       export const factory = { valid: (given) => given, build: async () => ({ ${members} close: async () => {} }) };${top}`;
    const starved =
      "Cannot go on with get: expected an answer of the store, got none, and nothing is under way any more";
    const cases: [what: string, source: string, args: string[], code: number, expected: RegExp][] = [
      ["load", module("", `await ${never}`), ["methods"], 2, /load\.yaml:1:12: Cannot load backend "\.\/load\.mjs": expected a module that is loaded within 10 s\n/], // prettier-ignore
      ["call", module(`entry: () => ${never},`), ["get", "a", "--json"], 3, new RegExp(`^{"error":{"code":"unavailable","message":"${starved}"}}\n$`)], // prettier-ignore
    ];
    // It takes the time that it is given: once for each kind of runtime.
    const chosen = cases.filter(([what]) => what !== "load" || !["node22", "node26"].includes(name));
    const ended = chosen.map(async ([what, source, args, code, expected]) => {
      writeFileSync(join(folder, `${what}.mjs`), source);
      writeFileSync(
        join(folder, `${what}.yaml`),
        `backends: [./${what}.mjs]\nstore: { backend: hung, parameters: {} }\n`,
      );
      const outcome = await run([...args, "--config", join(folder, `${what}.yaml`)]);
      assert.match(outcome.err, expected, what);
      assert.deepEqual([outcome.code, outcome.out.toString()], [code, ""], what);
    });
    await Promise.all(ended);
  });
}
