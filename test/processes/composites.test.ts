// A store that stands on others, served by a configuration, with keys of encryption from the environment.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "vitest";
import { sqlite } from "../../src/backends/sqlite.ts";
import { text } from "../support/bytes.ts";
import { commandsOn } from "../support/commandsOn.ts";

const configuration = `
store:
  backend: compressed
  parameters:
    over: 100
    of:
      backend: encrypted
      parameters:
        keys: { old: { env: OLD_KEY }, new: { env: NEW_KEY } }
        use: new
        of:
          backend: prefix
          parameters:
            prefix: app/
            of: { backend: sqlite, parameters: { path: data.db } }
`;

test("compressed, encrypted and prefixed values are served, read by another process, and by nobody without the key", async () => {
  const { folder, run, serve } = commandsOn("node24");
  writeFileSync(join(folder, "shelflife.yaml"), configuration);
  const keyOf = (letter: string): string => btoa(letter.repeat(32));
  const env = { OLD_KEY: keyOf("o"), NEW_KEY: keyOf("n") };
  const value = "tea and milk, ".repeat(200);
  const config = ["--config", "shelflife.yaml"];
  const outputs: string[] = [];
  const call = async (args: string[], own: NodeJS.ProcessEnv = env, stdin = ""): ReturnType<typeof run> => {
    const outcome = await run(args, stdin, own);
    outputs.push(`${outcome.out}${outcome.err}`);
    return outcome;
  };

  const serving = await serve(config, env);
  assert.equal((await call(["set", "a", "--url", serving.url], {}, value)).code, 0);
  assert.equal((await call(["get", "a", "--url", serving.url], {})).out.toString(), value);
  assert.equal((await call(["get", "a", ...config])).out.toString(), value);
  serving.child.kill("SIGINT");
  assert.equal((await serving.ended).code, 0);

  const below = sqlite({ path: join(folder, "data.db") });
  const stored = await below.get("app/a");
  await below.close();
  assert.deepEqual([...stored.subarray(0, 5)], [1, 3, ...new TextEncoder().encode("new")]);
  assert.ok(stored.length < value.length / 4 && !text(stored)!.includes("tea"));

  const wrong = await call(["get", "a", ...config], { ...env, NEW_KEY: keyOf("x") });
  assert.deepEqual([wrong.code, wrong.out.length], [3, 0]);
  assert.equal(wrong.err, 'Cannot decode key "a": expected a value that "new" encrypted for this key, unchanged\n');
  const none = await call(["serve", "--check", ...config], { OLD_KEY: env.OLD_KEY });
  assert.equal(none.code, 2);
  assert.match(none.err, /expected its environment variable NEW_KEY to be set/);
  for (const key of Object.values(env)) assert.ok(!outputs.join("").includes(key));
});
