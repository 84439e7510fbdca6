import assert from "node:assert/strict";
import type { Config, ReadOptions } from "../../src/cli/config/config.ts";
import { readConfig } from "../../src/cli/config/readConfig.ts";
import { createBackends } from "../../src/cli/store.ts";
import { isStoreError } from "../../src/core/error.ts";
import { backends, folder } from "./world.ts";

/** A store, so that a configuration is one. */ export const store = "store: { backend: memory }\n";

/** Reads a configuration, as if it lay in the folder. */
export const read = (source: string, options: Partial<ReadOptions> = {}): Promise<Config> =>
  readConfig(source, { name: "c.yaml", folder, env: {}, registry: createBackends({ backends }), ...options });

/** Reads what is wrong, and returns what was said of it. */
export async function problems(source: string, options?: Partial<ReadOptions>): Promise<string[]> {
  const error = await read(source, options).then(
    () => assert.fail("expected to be refused"),
    (error: unknown) => error,
  );
  assert.ok(isStoreError(error, "bad-config"), String(error));
  return error.message.split("\n");
}

/** Expects one problem for each mark ^ in the source, at its place, in their order. */
export async function expectMarked(
  marked: string,
  expected: readonly RegExp[],
  options?: Partial<ReadOptions>,
): Promise<void> {
  const places = [...marked.matchAll(/\^/g)].map(({ index }) => {
    const lines = marked.slice(0, index).split("\n");
    const column = lines.at(-1)!.replaceAll("^", "").length + 1;
    return `c.yaml:${lines.length}:${column}: `;
  });
  const found = await problems(marked.replaceAll("^", ""), options);
  assert.equal(found.length, expected.length, found.join("\n"));
  for (const [index, each] of found.entries()) {
    assert.ok(each.startsWith(places[index]!), `${each} is not at ${places[index]}`);
    assert.match(each.slice(places[index]!.length), expected[index]!);
  }
}
