import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { SignJWT } from "jose";
import { test } from "vitest";
import { isStoreError } from "../../../src/core/error.ts";
import { remote } from "../../../src/http/remote.ts";
import { utf8 } from "../../support/bytes.ts";
import { memory, serve } from "../../support/serveCommand.ts";
import { command, folder } from "../../support/world.ts";

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

async function makeToken(...args: string[]): Promise<string> {
  return (await command(["token", ...args])).out.trim();
}

test("tokens open what they say, and a rate is each holder's own", async () => {
  const file = join(folder, "tokens.jsonl");
  const [all, web] = [await makeToken("all", "--add-to", file), await makeToken("web", "--prefix", "web/", "--add-to", file)]; // prettier-ignore
  writeFileSync(
    join(folder, "tokens.yaml"),
    `store: { backend: memory }
listen: { host: 0.0.0.0, port: 0 }
tokens: tokens.jsonl
limits: { requestsPerSecond: 0.001, burst: 3, maxStreamsPerHolder: 1 }
`,
  );
  const server = await serve(["--config", "tokens.yaml"]);
  const url = server.url.replace("0.0.0.0", "127.0.0.1");
  assert.equal(server.log[0].access, "tokens");
  const [one, two] = [all, web].map((token) => remote({ url, token, attempts: 1 }));
  await two!.set("a", utf8("v"));
  assert.equal(new TextDecoder().decode(await one!.get("web/a")), "v");
  // Figures are of everybody's requests: for who may read everything.
  const statuses = await Promise.all([web, all].map(async (token) => (await fetch(new URL("metrics", url), { headers: bearer(token) })).status)); // prettier-ignore
  assert.deepEqual(statuses, [401, 200]);
  assert.equal((await fetch(new URL("entry?key=a", url))).status, 401);
  assert.equal((await fetch(new URL("metrics", url))).status, 401);
  await two!.get("a");
  await two!.get("a");
  await assert.rejects(two!.get("a"), (error) => isStoreError(error, "unavailable"));
  assert.equal(new TextDecoder().decode(await one!.get("web/a")), "v");
  await Promise.all([one!.close(), two!.close()]);
  const { out } = await server.end();
  assert.ok(server.log.some(({ holder, status }) => holder === "web" && status === 429));
  for (const token of [all, web]) assert.ok(!out.includes(token.slice(6)));
});

test("a client that is refused learns where a token comes from", async () => {
  const file = join(folder, "named.jsonl");
  const token = await makeToken("reader", "--can", "read", "--add-to", file);
  const server = await serve([...memory, "--tokens", file]);
  const ask = async (args: readonly string[], env = {}): Promise<string> => {
    const { code, out, err } = await command(args, { env });
    assert.deepEqual([code, out], [3, ""]);
    return err;
  };
  const at = ["--url", server.url];
  const missing = /, without a token: expected one in the variable SHELFLIFE_TOKEN or in --token\n$/;
  assert.match(await ask(["get", "a", ...at]), missing);
  assert.match(await ask(["list", ...at], { SHELFLIFE_TOKEN: "" }), missing);
  assert.match(await ask(["export", ...at]), missing);
  assert.match(
    await ask(["get", "a", ...at], { SHELFLIFE_TOKEN: "x" }),
    /, with the token of the variable SHELFLIFE_TOKEN\n$/,
  );
  assert.match(await ask(["set", "a", "b", ...at, "--token", token]), /, with the token of --token\n$/);
  const store = ["--store", JSON.stringify({ backend: "http", parameters: { url: server.url } })];
  assert.match(await ask(["get", "a", ...store]), /, without a "token" among its parameters\n$/);
  const { error } = JSON.parse(await ask(["get", "a", "--json", ...at]));
  assert.equal(error.code, "unauthorized");
  await server.end();
});

test("JWTs open what they claim, and count for their subject", async () => {
  const secret = "a secret that is long enough for HS256";
  writeFileSync(
    join(folder, "jwt.yaml"),
    'store: { backend: memory }\nlisten: { port: 0 }\njwt: { secret: "${SECRET}" }\nmetrics: public\n',
  );
  const server = await serve(["--config", "jwt.yaml"], { env: { SECRET: secret } });
  const token = await new SignJWT({ shelflife: { prefix: "j/", can: ["write"] } })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject("ada")
    .setExpirationTime("1h")
    .sign(utf8(secret));
  const entry = new URL("entry?key=a", server.url);
  const status = async (init: RequestInit): Promise<number> => (await fetch(entry, init)).status;
  assert.equal(await status({ method: "PUT", body: "v", headers: bearer(token) }), 204);
  assert.equal(await status({ headers: bearer(token) }), 403);
  assert.equal(await status({ headers: bearer(`${token}x`) }), 401);
  assert.equal((await fetch(new URL("metrics", server.url))).status, 200);
  await server.end();
  assert.deepEqual(server.log.filter(({ holder }) => holder).map(({ holder, status }) => [holder, status]), [["ada", 204], ["ada", 403]]); // prettier-ignore
});
