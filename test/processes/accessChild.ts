// A process of its own that tries what lets requests in, where the runtime's own cryptography and files do the work, and
// says what came of it in one line.
import process from "node:process";
import { SignJWT } from "jose";
import { compress } from "../../src/service/compress.ts";
import { jwt } from "../../src/service/jwt.ts";
import { createToken, tokens } from "../../src/service/tokens.ts";

const path = process.argv[2]!;
const { writeFile } = await import("node:fs/promises");
const ask = (token: string): Request => new Request("http://x/", { headers: { authorization: `Bearer ${token}` } });

let time = Date.now();
const [one, two] = [await createToken({ name: "one", prefix: "p/" }), await createToken({ name: "two" })];
await writeFile(path, `${one.line}\n`, { mode: 0o600 });
const { authorize, holder } = await tokens({ path, now: () => time });
const before = [authorize(ask(one.token)), holder(ask(one.token)), authorize(ask(two.token))];
await writeFile(path, `${two.line}\n`);
time += 1000;
const after = [authorize(ask(one.token)), authorize(ask(two.token))];

const secret = "a secret that is long enough for HS256";
const signed = await new SignJWT({ shelflife: { prefix: "j/" } })
  .setProtectedHeader({ alg: "HS256" })
  .setExpirationTime("1h")
  .sign(new TextEncoder().encode(secret));
const check = jwt({ secret });
const claimed = [await check(ask(signed)), await check(ask(`${signed}x`))];

const zip = compress(
  async () => new Response("x".repeat(5000), { headers: { "content-length": "5000", "content-type": "text/plain" } }),
);
const { headers } = await zip(new Request("http://x/", { headers: { "accept-encoding": "gzip" } }));

process.stdout.write(`${JSON.stringify({ before, after, claimed, coding: headers.get("content-encoding") })}\n`);
