import assert from "node:assert/strict";
import { test } from "vitest";
import { base64url, exportJWK, exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT } from "jose";
import { isStoreError } from "../../src/core/error.ts";
import { jwt, type JwtOptions } from "../../src/service/jwt.ts";

const secret = "a secret that is long enough for HS256";
const time = 1_900_000_000_000;
const now = (): number => time;
const ask = (token?: string): Request =>
  new Request("http://x/", token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } });
const claims = (more: object = {}): SignJWT =>
  new SignJWT({ shelflife: {}, ...more }).setExpirationTime(time / 1000 + 60);
const share = (text: string): Uint8Array => new TextEncoder().encode(text);
const sign = (more?: object, alg = "HS256", key = share(secret)): Promise<string> =>
  claims(more).setProtectedHeader({ alg }).sign(key);
const pairs = {
  RS256: await generateKeyPair("RS256", { extractable: true }),
  ES256: await generateKeyPair("ES256", { extractable: true }),
  EdDSA: await generateKeyPair("EdDSA", { extractable: true }),
};
type Name = keyof typeof pairs;
const names = Object.keys(pairs) as Name[];
const jwk = async (alg: Name): Promise<any> => ({ ...(await exportJWK(pairs[alg].publicKey)), kid: alg });
const signBy = (alg: Name, header: object = {}, more?: object): Promise<string> =>
  claims(more)
    .setProtectedHeader({ alg, kid: alg, ...header })
    .sign(pairs[alg].privateKey);

test("a token by the shared secret opens what its claim says", async () => {
  const authorize = jwt({ secret, now });
  const scope = { prefix: "a/", can: ["read", "watch"] };
  assert.deepEqual(await authorize(ask(await sign({ shelflife: scope }))), scope);
  assert.deepEqual(await authorize(ask(await sign())), { prefix: undefined, can: undefined });
  for (const claim of [
    undefined,
    true,
    "all",
    [],
    { prefix: 1 },
    { can: "read" },
    { can: ["fly"] },
    { prefix: "\ud800" },
  ]) {
    assert.equal(await authorize(ask(await sign({ shelflife: claim }))), false, JSON.stringify(claim));
  }
  assert.equal(await authorize(ask()), false);
  const own = jwt({ secret, now, scope: ({ sub }) => sub === "ada" && { prefix: `${sub}/` } });
  assert.deepEqual(await own(ask(await sign({ sub: "ada" }))), { prefix: "ada/" });
  assert.equal(await own(ask(await sign({ sub: "bob" }))), false);
});

test("RS256, ES256 and EdDSA are checked by a key, in PEM too, and by a set of keys", async () => {
  const jwks = { keys: await Promise.all(names.map(jwk)) };
  for (const alg of names) {
    const token = await signBy(alg);
    const pem = await exportSPKI(pairs[alg].publicKey);
    for (const options of [{ key: await jwk(alg) }, { key: pem, algorithms: [alg] }, { jwks }] satisfies JwtOptions[]) {
      assert.ok(await jwt({ ...options, now })(ask(token)), `${alg} ${Object.keys(options)}`);
      const [head, body, signature] = token.split(".");
      const other = base64url.encode(JSON.stringify({ shelflife: {}, exp: time }));
      assert.equal(await jwt({ ...options, now })(ask(`${head}.${other}.${signature}`)), false);
      assert.equal(await jwt({ ...options, now })(ask(`${head}.${body}.`)), false);
    }
  }
});

test("no algorithm and a confused one open nothing", async () => {
  const none = new UnsecuredJWT({ shelflife: {} }).setExpirationTime(time / 1000 + 60).encode();
  const pem = await exportSPKI(pairs.RS256.publicKey);
  const key = await jwk("RS256");
  // The public key, which everybody has, taken for a secret.
  const confused = await Promise.all([sign({}, "HS256", share(pem)), sign({}, "HS256", share(JSON.stringify(key)))]);
  for (const options of [
    { key: pem, algorithms: ["RS256"] },
    { key },
    { jwks: { keys: [key] } },
    { secret },
  ] as JwtOptions[]) {
    const authorize = jwt({ ...options, now });
    for (const token of [none, none.replace(/^[^.]+/, base64url.encode('{"alg":"NONE"}')), ...confused, "a.b.c", "x"]) {
      assert.equal(await authorize(ask(token)), false, `${Object.keys(options)} ${token}`);
    }
  }
  // A key that the token brings along, or gives the place of, is not the issuer's.
  const stranger = await generateKeyPair("ES256", { extractable: true });
  const own = await exportJWK(stranger.publicKey);
  const brought = await claims()
    .setProtectedHeader({ alg: "ES256", jwk: own, jku: "http://127.0.0.1:9/keys" })
    .sign(stranger.privateKey);
  assert.equal(await jwt({ key: await jwk("ES256"), now })(ask(brought)), false);
  assert.equal(await jwt({ secret, now })(ask(await sign({}, "HS512"))), false);
});

test("a token counts from when it says until when it says, for whom and by whom it says", async () => {
  const at = time / 1000;
  const authorize = jwt({ secret, now, issuer: "us", audience: ["store", "other"] });
  const good = { iss: "us", aud: "store" };
  const isOpen = async (more: object, by = authorize): Promise<boolean> => !!(await by(ask(await sign(more))));
  assert.equal(await isOpen(good), true);
  for (const more of [{ aud: "store" }, { ...good, iss: "them" }, { iss: "us" }, { ...good, aud: "mail" }]) {
    assert.equal(await isOpen(more), false, JSON.stringify(more));
  }
  const expiring = async (exp: number | undefined, more: Partial<JwtOptions> = {}): Promise<boolean> => {
    const token = new SignJWT({ shelflife: {}, ...(exp && { exp }) }).setProtectedHeader({ alg: "HS256" });
    return !!(await jwt({ secret, now, ...more })(ask(await token.sign(share(secret)))));
  };
  assert.deepEqual([await expiring(at + 1), await expiring(at), await expiring(undefined)], [true, false, false]);
  assert.equal(await expiring(at - 4, { clockTolerance: 5000 }), true);
  assert.equal(await expiring(at - 6, { clockTolerance: 5000 }), false);
  assert.deepEqual([await isOpen({ ...good, nbf: at }), await isOpen({ ...good, nbf: at + 1 })], [true, false]);
});

test("keys are fetched once, again for an unknown one, and are unavailable when they cannot be", async () => {
  let keys = [await jwk("ES256")];
  let asked = 0;
  let isUp = false;
  const authorize = jwt({
    jwks: "https://issuer.example/keys",
    now,
    fetch: async (url) => {
      assert.equal(url, "https://issuer.example/keys");
      asked++;
      if (!isUp) throw new TypeError("fetch failed");
      return Response.json({ keys });
    },
  });
  const token = await signBy("ES256");
  await assert.rejects(authorize(ask(token)), (error) => isStoreError(error, "unavailable"));
  isUp = true;
  for (let count = 0; count < 3; count++) assert.ok(await authorize(ask(token)));
  assert.equal(asked, 2);
  keys = [await jwk("RS256")];
  // Who makes up key ids cannot make us ask the issuer each time.
  for (let count = 0; count < 3; count++)
    assert.equal(await authorize(ask(await signBy("EdDSA", { kid: `${count}` }))), false);
  assert.ok(asked <= 3);
});

test("options that do not go together are reported, without the secret", () => {
  const wrong: [options: object, expected: RegExp][] = [
    [{}, /one of the options secret, key and jwks/],
    [{ secret, jwks: { keys: [] } }, /one of the options/],
    [{ secret: "hush" }, /"secret" must be a secret of at least 32 bytes/],
    [{ secret, algorithms: ["RS256"] }, /"algorithms" must be of HS256/],
    [{ jwks: { keys: [] }, algorithms: ["HS256"] }, /"algorithms" must be of RS256/],
    [{ jwks: { keys: [] }, algorithms: ["none"] }, /"algorithms" must be of RS256/],
    [{ key: { kty: "oct", k: "hush" } }, /"key" must be a public key/],
    [{ key: { kty: "OKP", crv: "Ed25519", x: "x", d: "hush" } }, /"key" must be a public key/],
    [{ jwks: "file:///etc/keys" }, /"jwks" must be/],
    [{ key: "-----BEGIN PUBLIC KEY-----" }, /must name one for a key in PEM/],
  ];
  for (const [options, expected] of wrong) {
    assert.throws(
      () => jwt(options),
      (error: Error) => {
        assert.ok(isStoreError(error, "bad-config"));
        assert.match(error.message, expected);
        assert.doesNotMatch(error.message, /hush/);
        return true;
      },
    );
  }
});
