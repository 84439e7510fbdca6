import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "vitest";
import { command, ownStore } from "../support/world.ts";

const names = "serve get set delete take increment touch list watch export import token methods".split(" ");

test("the help names every command, and each has its own with examples", async () => {
  const { code, out, err } = await command(["--help"]);
  assert.deepEqual([code, err], [0, ""]);
  for (const name of names) {
    assert.match(out, new RegExp(`^  ${name}\\b`, "m"));
    const own = await command([name, "--help"]);
    assert.equal(own.code, 0);
    assert.match(own.out, new RegExp(`^Usage: shelflife ${name}\\b[^]*^Options:$[^]*--help[^]*^Examples:\n  \\S`, "m"));
    assert.equal((await command(["help", name])).out, own.out);
  }
  assert.equal((await command(["-h"])).out, out);
  assert.equal((await command(["help"])).out, out);
  // Nothing was asked for: that is no success.
  assert.deepEqual(await command([]), { ...(await command([])), code: 2, out: "", err: out });
  const longest = Math.max(...out.split("\n").map(({ length }) => length));
  assert.ok(longest <= 120, `${longest} columns`);
});

test("the version is the package's", async () => {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  assert.deepEqual((await command(["--version"])).out, `${version}\n`);
});

test("what is not known is refused in one line, with the nearest name that is", async () => {
  const cases: [args: string[], expected: RegExp][] = [
    [["gte"], /^Unknown command: expected one of serve, .*, got "gte" \(did you mean "get"\?\)\n$/],
    [["help", "exprot"], /\(did you mean "export"\?\)/],
    [["set", "a", "b", "--tll", "5m"], /^Cannot set: unknown option "--tll", .*\(did you mean "--ttl"\?\)\n$/],
    [["set", "a", "b", "--ttl"], /^Cannot set: expected a value after "--ttl"\n$/],
    [["list", "--json=yes"], /^Cannot list: expected "--json" without a value\n$/],
    [["list", "--prefix", "a", "--prefix=b"], /^Cannot list: expected "--prefix" once\n$/],
    [["get"], /^Cannot get: expected KEY, got nothing\n$/],
    [["get", "a", "b"], /^Cannot get: expected KEY, got "a" "b"\n$/],
    [["get", "-x"], /^Cannot get: unknown option "-x"/],
    [["list", "a"], /^Cannot list: expected no words besides options, got "a"\n$/],
    [["get", "a", "--store", "{}", "--url", "http://x/"], /^Expected one of --config, --store and --url\n$/],
    [["get", "a", "--token", "t"], /^Expected --token with --url\n$/],
    [["get", "a"], /^Which store: expected --config FILE, --store JSON or --url URL, or shelflife\.db/],
    [["get", "a", "--url", "ftp://x"], /option "url" must be an http or https URL, got "ftp:\/\/x"\n$/],
    [["get", "a", "--config", "none.yaml"], /^Cannot read configuration "none\.yaml": no such file or directory\n$/],
    [["get", "a", "--store", '{"backend":"memry"}'], /^--store: expected one of .*, got "memry" \(did you mean "memory"\?\)\n$/], // prettier-ignore
    [["get", "a", "--store", "nonsense"], /^--store: expected backend, parameters, got "nonsense"\n$/],
    [["get", "", ...ownStore()], /^Invalid key: expected a well-formed string of 1 to 1,024 UTF-8 bytes, got ""\n$/],
    [["set", "a", "b", "--ttl", "5 minutes"], /^Invalid --ttl: expected a duration such as 500ms.*got "5 minutes"\n$/],
    [["set", "a", "b", "--file", "c"], /^Cannot set: expected a VALUE or --file, got both\n$/],
    [["set", "a", "b", "--at", "2030-02-31T00:00Z"], /^Invalid --at: expected a time with its zone such as 2030-01-31T12:00:00Z, or epoch ms, got "2030-02-31T00:00Z"\n$/], // prettier-ignore
    ...["", "tomorrow", "2030-01-31", "2030-01-31T12:00", "-1", "1e3", "9".repeat(16)].map(
      (time): [string[], RegExp] => [
        ["set", "a", "b", `--at=${time}`],
        new RegExp(`^Invalid --at: expected a time with its zone .*, got "${time}"\n$`),
      ],
    ),
    ...["set a b", "increment a", "touch a", "token a"].map((words): [string[], RegExp] => [
      [...words.split(" "), "--ttl", "5m", "--at", "1893456000000"],
      /^Invalid --at: expected none beside --ttl, got both\n$/,
    ]),
    [["token", "a", "--at", "2001-01-01T00:00Z"], /^Invalid --at: expected a time to come, got "2001-01-01T00:00Z"\n$/],
    [["touch", "a"], /^Cannot touch: expected --ttl or --at\n$/],
    [["increment", "a", "--by", "one"], /^Invalid --by: expected a number, got "one"\n$/],
    [["list", "--limit", "0"], /^Invalid --limit: expected a positive integer, got "0"\n$/],
    [["serve", "--port", "http"], /^Invalid --port: expected a port/],
    [["serve", "--access", "all"], /^Invalid --access: expected "public", got "all"\n$/],
    [["token"], /^Cannot make a token: expected one name/],
    [["token", "n", "--can", "fly"], /^Invalid --can: expected some of read,write,list,watch, got "fly"\n$/],
    [["token", "n", "--can", "read,writ"], /^Invalid --can: .*, got "writ" \(did you mean "write"\?\)\n$/],
    [["export", "--resume"], /^Cannot export: expected --output FILE with --resume/],
  ];
  for (const [args, expected] of cases) {
    const { code, out, err } = await command(args);
    assert.match(err, expected);
    assert.deepEqual([code, out, err.split("\n").length], [2, "", 2], args.join(" "));
  }
});

test("a failure is not reported as a miss, and a miss is reported as one", async () => {
  const store = ownStore();
  const miss = await command(["get", "none", ...store]);
  assert.deepEqual([miss.code, miss.out], [1, ""]);
  assert.match(miss.err, /^No value for key "none": expected a live one\n$/);
  const nobody = ["--store", '{"backend":"http","parameters":{"url":"http://127.0.0.1:1/","attempts":1}}'];
  const failed = await command(["get", "none", ...nobody]);
  assert.deepEqual([failed.code, failed.out], [3, ""]);
  assert.match(failed.err, /^Store at "http:\/\/127\.0\.0\.1:1" is unavailable: .*\n$/);
});

test("with --json an error is JSON, and with --debug it has its stack", async () => {
  const { err } = await command(["get", "none", "--json", ...ownStore()]);
  const message = 'No value for key "none": expected a live one';
  assert.deepEqual(JSON.parse(err), { error: { code: "not-found", message } });
  assert.match((await command(["get", "none", "--debug", ...ownStore()])).err, /^StoreError: No value[^]*\n {4}at /);
});

test("a caller that leaves gets no error", async () => {
  const store = ownStore();
  await command(["set", "a", "value", ...store]);
  const { code, err } = await command(["get", "a", ...store], { reads: 2 });
  assert.deepEqual([code, err], [141, ""]);
});
