import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "vitest";
import * as fc from "fast-check";
import { isStoreError } from "../../../src/core/error.ts";
import { expectMarked, problems, read, store } from "../../support/configs.ts";
import { folder } from "../../support/world.ts";

test("everything that a configuration can say is read, in YAML and in JSON", async () => {
  const source = `
store:
  backend: sqlite
  parameters: { path: a.db, durability: strict }
listen: { host: 0.0.0.0, hosts: [store.example, "[::2]"], port: 8080, grace: 5s }
access: public
cors: ["https://app.example", "null"]
limits:
  maxBytes: 16MiB
  maxItems: 100
  requestsPerSecond: 2.5
  headerTimeout: 500ms
requests: { backend: sqlite, parameters: { path: r.db } }
history: { maxAge: 30d, maxChanges: 1000000 }
metrics: public
log: { format: json, requests: false }
compress: true
base: /store
`;
  const expected = {
    store: { backend: "sqlite", parameters: { path: join(folder, "a.db"), durability: "strict" } },
    listen: { host: "0.0.0.0", hosts: ["store.example", "[::2]"], port: 8080, grace: 5000 },
    access: "public",
    cors: ["https://app.example", "null"],
    limits: { maxBytes: 16_777_216, maxItems: 100, requestsPerSecond: 2.5, headerTimeout: 500 },
    requests: { backend: "sqlite", parameters: { path: join(folder, "r.db") } },
    history: { maxAge: 2_592_000_000, maxChanges: 1_000_000 },
    metrics: "public",
    log: { format: "json", requests: false },
    compress: true,
    base: "/store",
  };
  assert.deepEqual(await read(source), expected);
  const json = JSON.stringify(expected, null, "\t").replace("5000", '"5s"').replace("500\n", '"500ms"\n');
  assert.deepEqual(await read(json), expected);
  assert.deepEqual(await read(`\ufeff${store}cors: "*"\r\nlisten:\r\n  # nothing yet\r\n`), {
    store: { backend: "memory" },
    cors: "*",
  });
});

test("all problems are reported at once, each at its place", async () => {
  await expectMarked(
    `^stor: x
store:
  backend: sqlite
  parameters: ^{ ^pth: x.db, durability: ^lax }
listen: { host: 0.0.0.0, ^prot: 80, port: ^"80x" }
access: ^private
cors: [ ^"app.example" ]
limits: { maxBytes: ^3 parsecs, burst: ^0, requestsPerSecond: ^fast, headerTimeout: ^-1 }
requests: ^{ parameters: {} }
history: ^often
metrics: ^maybe
log: ^loud
compress: ^7
base: ^store
tokens: ^[]
jwt: { secret: ^short, ^isuer: x }
`,
    [
      /^expected one of store, backends, .*, got "stor" \(did you mean "store"\?\)$/,
      /^expected "path" to be the name of a file or ":memory:"/,
      /^expected one of durability, history, maxBytes, path, sweepInterval, got "pth" \(did you mean "path"\?\)$/,
      /^expected "durability" to be "relaxed" or "strict", got "lax"$/,
      /^expected one of host, hosts, port, tls, grace, got "prot" \(did you mean "port"\?\)$/,
      /^expected a port from 0 to 65535, got "80x"$/,
      /^expected "public", got "private"$/,
      /^expected an origin such as https:\/\/app\.example, got "app\.example"$/,
      /^expected a number of bytes such as 4096, 64KiB or 16MiB, got "3 parsecs"$/,
      /^expected a positive integer, got 0$/,
      /^expected a number above 0, got "fast"$/,
      /^expected a duration such as .*, got -1$/,
      /^expected "backend" here$/,
      /^expected true, false, or some of maxAge, maxChanges, got "often"$/,
      /^expected true or false or "public", got "maybe"$/,
      /^expected format, requests, got "loud"$/,
      /^expected true or false, got 7$/,
      /^expected a path that begins with "\/", got "store"$/,
      /^expected a non-empty string, got Array$/,
      /^expected "secret" to be a secret of at least 32 bytes$/,
      /^expected one of algorithms, .*, got "isuer" \(did you mean "issuer"\?\)$/,
    ],
  );
});

test("what is wrong with a history is reported at its place", async () => {
  await expectMarked(`${store}history: { maxAge: ^never, ^maxRows: 5 }\n`, [
    /^expected a duration such as .*, got "never"$/,
    /^expected one of maxAge, maxChanges, got "maxRows"/,
  ]);
  assert.deepEqual((await read(`${store}history: false\n`)).history, false);
});

test("what is no YAML is reported at its place", async () => {
  await expectMarked(`store: { backend: memory\n^`, [/^expected YAML or JSON: /]);
  await expectMarked(`${store}^store: { backend: memory }\n`, [/^expected each name once$/]);
  await expectMarked(`store: { backend: ^!other memory }\n`, [/^expected YAML or JSON: Unresolved tag/]);
  await expectMarked(`${store}base: ^*none\n`, [/^expected .*alias/i]);
  await expectMarked(`^just a text`, [/^expected store, backends, /]);
  await expectMarked("^", [/^expected "store" here$/]);
  for (const each of await problems("[".repeat(10_000))) assert.match(each, /^c\.yaml:1:\d+: expected YAML or JSON/);
});

test("an alias stands for its anchor, but not for what it is in, nor for a world of parts", async () => {
  const source = "store: &a { backend: sqlite, parameters: { path: x.db } }\nrequests: { <<: 1 }\n";
  assert.deepEqual((await problems(source)).length, 2);
  const { requests } = await read(`store: { backend: memory }\nrequests: { backend: &b memory }\nbase: /x\nlog: {}\n`);
  assert.deepEqual(requests, { backend: "memory" });
  await expectMarked("store: &s { backend: memory, parameters: { self: ^*s } }\n", [/^expected an anchor before and outside of its alias "s"$/]); // prettier-ignore
  let bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (let level = 1; level < 9; level++) bomb += `a${level}: &a${level} [${`*a${level - 1}, `.repeat(10)}]\n`;
  const found = await problems(bomb + store);
  assert.ok(found.some((each) => each.includes("at most 10000 parts")));
});

test("variables of the environment stand in for text, and a missing one is a problem with its place", async () => {
  const env = { PORT: "8081", NAME: "a: {b}\n#", YES: "true", DIGITS: "007", EMPTY: "" };
  const source = `
store:
  backend: memory
listen:
  port: \${PORT}
  host: "\${HOST}"
jwt: { secret: "\${NAME}-\${NAME}-\${NAME}-\${NAME}-0123456789", issuer: "$\${PORT}", audience: \u0022\${DIGITS}\u0022 }
compress: \${YES}
`;
  const config = await read(source, { env: { ...env, HOST: "localhost" } });
  assert.deepEqual(config.listen, { host: "localhost", port: 8081 });
  assert.deepEqual([config.jwt!.issuer, config.jwt!.audience, config.compress], ["${PORT}", "007", true]);
  assert.ok(String(config.jwt!.secret).startsWith("a: {b}\n#-a"));
  await expectMarked(source.replace('"${HOST}"', '^"${HOST}"'), [/^expected the environment variable HOST to be set$/], { env }); // prettier-ignore
  await expectMarked(`${store}base: ^/\${A-B}\n`, [
    /^expected \$\{NAME\} with the name of a variable, got "\$\{A-B\}"$/,
  ]);
});

test("only what the command needs is read: the rest may be of another machine", async () => {
  const source = `${store}tokens: none.jsonl\njwt: { secret: "\${SECRET}" }\nlisten: { host: 0.0.0.0, tls: { key: k, cert: c } }\n`;
  assert.deepEqual(await read(source, { isStoreOnly: true }), { store: { backend: "memory" } });
  await expectMarked(`${store}^jwtt: {}\n`, [/did you mean "jwt"/], { isStoreOnly: true });
});

test("a list of a text is no text", async () => {
  await expectMarked(
    `${store}limits: { maxBytes: ^[64KiB], headerTimeout: ^[30s], maxItems: ^["5"], requestsPerSecond: ^[5] }
listen: { port: ^["80"], grace: ^[10s], host: ^[localhost] }
base: ^[/store]
access: ^[public]
log: { format: ^[json] }
`,
    [/bytes/, /duration/, /positive/, /above 0/, /port/, /duration/, /non-empty/, /path/, /public/, /json/],
  );
});

test("the hosts that are answered are names without ports, or any", async () => {
  const named = await read(`${store}listen: { hosts: [store.example, "[::2]"] }\n`);
  assert.deepEqual([named.listen, (await read(`${store}listen: { hosts: "*" }\n`)).listen], [{ hosts: ["store.example", "[::2]"] }, { hosts: "*" }]); // prettier-ignore
  await expectMarked(`${store}listen: { hosts: [ok, ^"store.example:80", ^7, ^"https://store.example"] }\n`, [
    /^expected a name such as store\.example, without a port, got "store\.example:80"$/,
    /got 7$/,
    /got "https:/,
  ]);
  await expectMarked(`${store}listen: { hosts: ^store.example }\n`, [
    /^expected a list or "\*", got "store\.example"$/,
  ]);
});

test("whatever a file holds, it is read or refused, and nothing else", async () => {
  const name = fc.constantFrom("store", "listen", "limits", "jwt", "cors", "backend", "parameters", "__proto__", "path", "log", "metrics", "requests", "tls", "tokens", "constructor"); // prettier-ignore
  const leaf = fc.oneof(fc.string(), fc.constant("${HOME}"), fc.integer(), fc.boolean(), fc.constant(null), fc.constantFrom("memory", "sqlite", "*", "public", "5m")); // prettier-ignore
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof({ depthSize: "small" }, leaf, fc.array(tie("tree"), { maxLength: 3 }), fc.dictionary(name, tie("tree"), { maxKeys: 5 })), // prettier-ignore
  }));
  const text = fc.string({ unit: fc.constantFrom("store", ":", " ", "\n", "- ", "{", "}", "[", "]", "&a", "*a", "!x", "|", ">", '"', "'", "#", "?", "%", "\t", "a", "---", "${", "\u0000", "<<") }); // prettier-ignore
  const source = fc.oneof(
    tree.map((each) => JSON.stringify(each)),
    text,
    fc.string(),
  );
  await fc.assert(
    fc.asyncProperty(source, async (source) => {
      try {
        await read(source);
      } catch (error) {
        assert.ok(isStoreError(error, "bad-config"), `${String((error as Error).stack)} of ${source}`);
        for (const line of error.message.split("\n")) assert.match(line, /^c\.yaml:\d+:\d+: /);
      }
    }),
    { numRuns: 1000 },
  );
  assert.equal(({} as { backend?: unknown }).backend, undefined);
});
