import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "vitest";
import * as fc from "fast-check";
import type { Config, ReadOptions } from "../../../src/cli/config/config.ts";
import { readConfig, readStore } from "../../../src/cli/config/readConfig.ts";
import { createBackends } from "../../../src/cli/store.ts";
import { isStoreError } from "../../../src/core/error.ts";
import { backends, folder } from "../../support/world.ts";

const store = "store: { backend: memory }\n";
const read = (source: string, options: Partial<ReadOptions> = {}): Promise<Config> =>
  readConfig(source, { name: "c.yaml", folder, env: {}, registry: createBackends({ backends }), ...options });

/** Reads what is wrong, and returns what was told of it. */
async function problems(source: string, options?: Partial<ReadOptions>): Promise<string[]> {
  const error = await read(source, options).then(
    () => assert.fail("expected to be refused"),
    (error: unknown) => error,
  );
  assert.ok(isStoreError(error, "bad-config"), String(error));
  return error.message.split("\n");
}

/** Expects one problem for each mark ^ in the source, at its place, in their order. */
async function expectMarked(
  marked: string,
  expected: readonly RegExp[],
  options?: Partial<ReadOptions>,
): Promise<void> {
  const places = [...marked.matchAll(/\^/g)].map(({ index }) => {
    const lines = marked.slice(0, index).split("\n");
    const column = lines.at(-1)!.replaceAll("^", "").length + 1;
    return `c.yaml:${lines.length}:${column}: `;
  });
  const told = await problems(marked.replaceAll("^", ""), options);
  assert.equal(told.length, expected.length, told.join("\n"));
  for (const [index, each] of told.entries()) {
    assert.ok(each.startsWith(places[index]!), `${each} is not at ${places[index]}`);
    assert.match(each.slice(places[index]!.length), expected[index]!);
  }
}

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

test("every problem is told at once, each at its place", async () => {
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
      /^expected one of durability, maxBytes, path, sweepInterval, got "pth" \(did you mean "path"\?\)$/,
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

test("what is no YAML is told at its place", async () => {
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
  const told = await problems(bomb + store);
  assert.ok(told.some((each) => each.includes("at most 10000 parts")));
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

test("an address that others can reach needs to be told who may use it", async () => {
  for (const host of ["127.0.0.1", "127.1.2.3", "::1", "localhost", '"[::1]"']) {
    await read(`${store}listen: { host: "${host.replaceAll('"', "")}" }\n`);
  }
  for (const host of ["0.0.0.0", "::", "10.0.0.1", "example.org", "127.0.0.1.example.org", "localhost.example"]) {
    const expected = [/^expected "tokens" or "jwt" to say who may use the store, or "access: public" for everyone: /];
    await expectMarked(`${store}listen: { host: ^"${host}" }\n`, expected);
    await read(`${store}listen: { host: "${host}" }\naccess: public\n`);
  }
  writeFileSync(join(folder, "tokens.jsonl"), "");
  assert.equal((await read(`${store}listen: { host: 0.0.0.0 }\ntokens: tokens.jsonl\n`)).tokens, join(folder, "tokens.jsonl")); // prettier-ignore
  await expectMarked(`${store}tokens: tokens.jsonl\naccess: ^public\n`, [/without "tokens" and "jwt"$/]);
  // What an option says is no place in the file.
  assert.deepEqual(
    (await problems(store, { overrides: { listen: { host: "0.0.0.0" } } }))[0]!.slice(0, 19),
    'expected "tokens" o',
  );
  const { listen } = await read(`${store}listen: { host: "::1", port: 1 }\n`, { overrides: { listen: { port: 2 } } });
  assert.deepEqual(listen, { host: "::1", port: 2 });
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

test("the files that are named are read from the configuration's folder", async () => {
  writeFileSync(join(folder, "damaged.jsonl"), '{"name":"n"}\n');
  await expectMarked(`${store}tokens: ^damaged.jsonl\nlisten: { tls: { key: ^none.pem, cert: ^none.crt } }\n`, [
    /line 1, column 1: expected sha256/,
    /^expected a file that can be read, got "none\.pem": no such file or directory$/,
    /none\.crt/,
  ]);
  writeFileSync(join(folder, "k.pem"), "key");
  const { listen } = await read(`${store}listen: { tls: { key: k.pem, cert: ./k.pem } }\n`);
  assert.deepEqual(listen, { tls: { key: "key", cert: "key" } });
});

test("every name of a file counts from the configuration's folder, also those of a backend of one's own", async () => {
  const config = join(folder, "paths");
  mkdirSync(config);
  writeFileSync(join(config, "tokens.jsonl"), "");
  writeFileSync(
    join(config, "own.mjs"),
    `export const name = "own";
     export const factory = {
       valid: (given) => given,
       locate: ({ place }, resolve) => ({ place: resolve(place) }),
       build() {},
     };`,
  );
  const sqlite = (path: string): string => `{ backend: sqlite, parameters: { path: "${path}" } }`;
  const found = await read(
    `store: ${sqlite("a/b.db")}\nrequests: ${sqlite("../r.db")}\ntokens: tokens.jsonl\nlisten: { host: 0.0.0.0 }\n`,
    { folder: config },
  );
  const path = (given: unknown): unknown => Object(given).parameters.path;
  assert.deepEqual([path(found.store), path(found.requests), found.tokens], [join(config, "a/b.db"), join(folder, "r.db"), join(config, "tokens.jsonl")]); // prettier-ignore
  for (const whole of [":memory:", join(folder, "x.db")]) {
    assert.equal(path((await read(`store: ${sqlite(whole)}`, { folder: config })).store), whole);
  }
  const own = await read("backends: [./own.mjs]\nstore: { backend: own, parameters: { place: p } }\n", { folder: config }); // prettier-ignore
  assert.deepEqual(own.store, { backend: "own", parameters: { place: join(config, "p") } });
  const registry = createBackends();
  const option = await readStore(sqlite("o.db"), "--store", config, registry);
  assert.equal(path(option), join(config, "o.db"));
});

test("a backend comes from a file or a package, by its name and factory", async () => {
  const module = (name: string): string => `
    export const name = "${name}";
    export const factory = {
      valid(given) {
        if (typeof given?.size !== "number") throw new Error("size it");
        return given;
      },
      build() {},
    };`;
  const packages = join(folder, "node_modules");
  for (const name of ["plain", "@scope/both"]) mkdirSync(join(packages, name, "lib"), { recursive: true });
  writeFileSync(join(folder, "file.mjs"), module("file"));
  writeFileSync(join(folder, "empty.mjs"), "export const other = 1;");
  writeFileSync(join(folder, "throws.mjs"), "throw new Error('at once\\nand more')");
  writeFileSync(join(packages, "plain/package.json"), '{"type":"module","main":"lib/main.js"}');
  writeFileSync(join(packages, "plain/lib/main.js"), module("plain"));
  const exports = { ".": { types: "./x.d.ts", require: "./x.cjs", import: { default: "./lib/a.mjs" } }, "./b": ["./lib/b.mjs"] }; // prettier-ignore
  writeFileSync(join(packages, "@scope/both/package.json"), JSON.stringify({ exports }));
  writeFileSync(join(packages, "@scope/both/lib/a.mjs"), module("both a"));
  writeFileSync(join(packages, "@scope/both/lib/b.mjs"), module("both b"));

  const registry = createBackends({ backends });
  const named = '["./file.mjs", plain, "@scope/both", "@scope/both/b"]';
  await read(`backends: ${named}\nstore: { backend: file, parameters: { size: 1 } }\n`, { registry });
  for (const name of ["file", "plain", "both a", "both b"]) assert.ok(registry.methods().includes(name), name);

  await expectMarked(
    `backends: [^./none.mjs, ^./empty.mjs, ^./throws.mjs, ^no-such-package, ^"@scope/both/c", ./file.mjs]
store: { backend: file, parameters: ^{} }
requests: { backend: ^flie }
`,
    [
      /^Cannot load backend "\.\/none\.mjs": (?!.*imported from)/,
      /^Cannot load backend ".\/empty.mjs": expected a module that exports name and factory .*, got "other"$/,
      /^Cannot load backend "\.\/throws\.mjs": at once$/,
      /^Cannot load backend "no-such-package": /,
      /^Cannot load backend "@scope\/both\/c": expected a package that exports "\.\/c"$/,
      /^expected parameters that can be checked, got size it$/,
      /^expected one of file, .*, got "flie" \(did you mean "file"\?\)$/,
    ],
  );
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
