import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "vitest";
import { readStore } from "../../../src/cli/config/readConfig.ts";
import { createBackends } from "../../../src/cli/store.ts";
import { expectMarked, problems, read, store } from "../../support/configs.ts";
import { backends, folder } from "../../support/world.ts";

test("an address that others can reach needs a rule of who may use it", async () => {
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
  const registry = createBackends({ backends });
  const option = await readStore(sqlite("o.db"), "--store", config, registry);
  assert.equal(path(option), join(config, "o.db"));
});
